//! Plain tables: columns padded with blanks, nothing else.

use super::sanitize::one_line;

/// Lines of columns, each as wide as its widest cell; the last is not padded. No cell can add a line or obey an
/// escape sequence.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<_>> = rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = padded.collect::<Vec<_>>().join("  ");
        format!("{}\n", line.trim_end())
    };
    let body = rows.iter().map(|row| line(row.iter().map(String::as_str).collect()));
    line(head.to_vec()) + &body.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = vec![vec![".env".into(), "1".into()], vec![".env.production".into(), "12".into()]];
        assert_eq!(
            table(&["FILE", "SEALED"], &rows),
            "FILE             SEALED\n.env             1\n.env.production  12\n"
        );
    }
}
