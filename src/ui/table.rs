//! Tables: columns padded with blanks.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};

use super::page::{Look, Page, width};
use super::sanitize::one_line;

/// Draws columns as wide as their cells, wrapped on a narrower terminal. No cell can add a row or an escape sequence.
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Page {
    draw(head, rows, width())
}

fn draw(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>, width: Option<u16>) -> Page {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(width) = width {
        // The two blanks of padding after the last column are not printed.
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width + 2);
    }
    table.add_row(head);
    for row in rows {
        // comfy-table cannot measure a tab.
        table.add_row(row.iter().map(|cell| one_line(cell).replace('\t', " ")));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut page = Page::default();
    for (at, line) in table.lines().enumerate() {
        if at == 0 {
            page.add(Look::Heading, line.trim_end());
            page.write_char('\n').expect("into memory");
        } else {
            writeln!(page, "{}", line.trim_end()).expect("into memory");
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(head: &[&str], rows: &[Vec<String>], width: Option<u16>) -> String {
        draw(head, rows.to_vec(), width).to_text()
    }

    #[test]
    fn columns_line_up() {
        let rows = vec![vec![".env".into(), "1".into()], vec![".env.production".into(), "12".into()]];
        let expected = "FILE             SEALED\n.env             1\n.env.production  12\n";
        assert_eq!(text(&["FILE", "SEALED"], &rows, None), expected);
        assert_eq!(text(&["FILE", "SEALED"], &rows, Some(23)), expected);
    }

    #[test]
    fn a_narrow_terminal_loses_nothing() {
        let letters = |text: &str| {
            let mut letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
            letters.sort_unstable();
            letters
        };
        let why = "no: the private key is in none of the places where it belongs".to_owned();
        let rows = vec![vec![".env.production".into(), why.clone()]];
        let whole = format!("FILE YOU CAN OPEN IT .env.production{why}");
        for width in 12..90 {
            let shown = text(&["FILE", "YOU CAN OPEN IT"], &rows, Some(width));
            let longest = shown.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(width.into()), "{width}:\n{shown}");
            assert_eq!(letters(&shown), letters(&whole), "{width}:\n{shown}");
        }
    }

    #[test]
    fn no_cell_adds_a_line_or_obeys_a_sequence() {
        let rows = vec![vec!["a\nb".into(), "\u{1b}[31m\tx".into()]];
        assert_eq!(text(&["A", "B"], &rows, None), "A        B\na\\u{a}b  \\u{1b}[31m x\n");
    }
}
