//! Unusual ways to write the line.

use std::fmt::Debug;

use super::{PLAINTEXT, PROD, commit_stopped, each_stopped};

/// Commits an env file with these lines. `@` is replaced by the value.
fn lines(lines: &str, name: &str) {
    println!("{lines:?}");
    commit_stopped(&[".env.production:", name, "[plaintext]"], |way| {
        let value = way.pick(PLAINTEXT.to_owned(), way.token(name));
        way.add(PROD, way.header(PROD) + &lines.replace('@', &value));
    });
}

/// Commits an env file with each of these texts behind its key.
fn behind_key<T: AsRef<[u8]> + Debug>(texts: &[T]) {
    each_stopped(
        texts,
        |_| [".env.production:", "SECRET"],
        |way, text| {
            let open = [way.header(PROD).as_bytes(), text.as_ref()].concat();
            way.add(PROD, way.pick(open, way.text(PROD).into_bytes()));
        },
    );
}

/// Commits each of these texts as the whole file.
fn whole_file<T: AsRef<[u8]> + Debug>(texts: &[T]) {
    each_stopped(
        texts,
        |_| [".env.production", "error"],
        |way, text| way.add(PROD, way.pick(text.as_ref(), way.text(PROD).as_bytes())),
    );
}

#[test]
fn with_export_spaces_colons_and_quotes() {
    for form in [
        "export SECRET=@\n",
        "export\tSECRET=@\n",
        "  export   SECRET  =  @  \n",
        "SECRET = @\n",
        "SECRET: @\n",
        "SECRET='@'\n",
        "SECRET=\"@\"\n",
        "\tSECRET=@ # a comment\n",
        "SECRET=@",
        "SECRET=@\r\n",
        "A=\r\nSECRET=\"@\"\r\nB=\r\n",
        "A=\rSECRET=@\r",
    ] {
        lines(form, "SECRET");
    }
}

#[test]
fn with_a_byte_order_mark() {
    commit_stopped(&[".env.production:", "SECRET", "[plaintext]"], |way| {
        way.add(PROD, format!("\u{feff}SECRET={}\n{}", way.value(), way.header(PROD)));
    });
}

#[test]
fn under_any_name_that_a_reader_takes() {
    for name in ["secret", "Secret_1", "a.b-c", "_", "S", "ENVSEAL", "PUBLIC_KEY_2"] {
        lines(&format!("{name}=@\n"), name);
    }
}

#[test]
fn over_several_lines_or_behind_a_hash_or_in_backticks() {
    behind_key(&[
        format!("SECRET=\"first\n{PLAINTEXT}\"\n"),
        format!("SECRET='\n{PLAINTEXT}\n'\n"),
        format!("SECRET=`{PLAINTEXT}`\n"),
        format!("SECRET=\"# {PLAINTEXT}\"\n"),
        format!("SECRET='# envseal: plain {PLAINTEXT}'\n"),
        format!("SECRET=\"{PLAINTEXT} # envseal: plain\"\n"),
        format!("SECRET=\"unended {PLAINTEXT}\n"),
        format!("SECRET=x{PLAINTEXT} # envseal: plainly\n"),
        format!("SECRET={PLAINTEXT} # envseal:plain-text\n"),
        format!("SECRET={PLAINTEXT} # not envseal: plain\n"),
        format!("SECRET=${{NOTHING:-{PLAINTEXT}}}\n"),
        format!("SECRET=$({PLAINTEXT})\n"),
        format!("A= # envseal: plain\nSECRET={PLAINTEXT}\n"),
        // To envseal this is a comment; to bash, compose and python-dotenv it is the value.
        format!("SECRET=#{PLAINTEXT}\n"),
    ]);
}

#[test]
fn twice_with_either_one_in_the_open() {
    for open in [0, 1] {
        commit_stopped(&[".env.production:", "SECRET", "[plaintext]"], |way| {
            let mut values = [way.token("SECRET"), way.token("SECRET")];
            values[open] = PLAINTEXT.to_owned();
            let twice = values.map(|value| format!("SECRET={value}\n")).concat();
            way.add(PROD, way.header(PROD) + &way.pick(twice, format!("SECRET={}\n", way.token("SECRET"))));
        });
    }
}

#[test]
fn in_the_second_of_many_lines_of_a_large_file() {
    commit_stopped(&[".env.production:5002: error: SECRET"], |way| {
        let many: String = (0..5000).map(|n| format!("N{n}=\n")).collect();
        way.add(PROD, format!("{}{many}SECRET={}\n", way.header(PROD), way.value()));
    });
}

#[test]
fn in_text_that_is_not_utf8() {
    let mut texts = vec![format!("SECRET={PLAINTEXT}\n\0").into_bytes()];
    for to_bytes in [u16::to_be_bytes, u16::to_le_bytes] {
        for mark in ["", "\u{feff}"] {
            let text = format!("{mark}SECRET={PLAINTEXT}\n");
            texts.push(text.encode_utf16().flat_map(to_bytes).collect());
        }
    }
    whole_file(&texts);
    behind_key(&[[b"SECRET=", PLAINTEXT.as_bytes(), b"\xff\n"].concat()]);
}

#[test]
fn as_a_line_that_is_no_variable() {
    whole_file(&[
        format!("{PLAINTEXT}\n"),
        format!("SECRET {PLAINTEXT}\n"),
        format!("-----BEGIN-----\n{PLAINTEXT}\n"),
    ]);
}

#[test]
fn between_conflict_markers() {
    commit_stopped(&[".env.production:2", "[conflict-marker]"], |way| {
        let sealed = way.token("SECRET");
        let torn = format!("<<<<<<< HEAD\nSECRET={PLAINTEXT}\n=======\nSECRET={sealed}\n>>>>>>> side\n");
        way.add(PROD, way.header(PROD) + &way.pick(torn, format!("SECRET={sealed}\n")));
    });
}
