//! Unusual ways to write the line.

use super::{PLAINTEXT, stopped};

/// Commits an env file with these lines. `@` is replaced by the value.
fn lines(lines: &str, name: &str) {
    println!("{lines:?}");
    stopped(&[".env.production:", name, "[plaintext]"], |way| {
        let value = way.pick(PLAINTEXT.to_owned(), way.token(name));
        let text = format!("{}{}", way.header(".env.production"), lines.replace('@', &value));
        way.add(".env.production", text);
        way.git(&["commit", "-m", "x"])
    });
}

/// Commits these lines; in the second round, a line with a sealed value instead.
fn instead(lines: &[u8], name: &str) {
    println!("{}", String::from_utf8_lossy(lines));
    stopped(&[".env.production:", name], |way| {
        let sealed = format!("{name}={}\n", way.token(name));
        let text = [way.header(".env.production").as_bytes(), way.pick(lines, sealed.as_bytes())].concat();
        way.add(".env.production", text);
        way.git(&["commit", "-m", "x"])
    });
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
    stopped(&[".env.production:", "SECRET", "[plaintext]"], |way| {
        let text = format!("\u{feff}SECRET={}\n{}", way.value(), way.header(".env.production"));
        way.add(".env.production", text);
        way.git(&["commit", "-m", "x"])
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
    for text in [
        format!("SECRET=\"first\n{PLAINTEXT}\"\n"),
        format!("SECRET='\n{PLAINTEXT}\n'\n"),
        format!("SECRET=`{PLAINTEXT}`\n"),
        format!("SECRET=\"# {PLAINTEXT}\"\n"),
        format!("SECRET='# envseal: plain {PLAINTEXT}'\n"),
        format!("SECRET=\"{PLAINTEXT} # envseal: plain\"\n"),
        format!("SECRET=\"unended {PLAINTEXT}\n"),
        format!("SECRET=x{PLAINTEXT} # envseal: plainly\n"),
        format!("SECRET={PLAINTEXT} # envseal:plain-text\n"),
        format!("SECRET=${{NOTHING:-{PLAINTEXT}}}\n"),
        format!("SECRET=$({PLAINTEXT})\n"),
        format!("A= # envseal: plain\nSECRET={PLAINTEXT}\n"),
    ] {
        instead(text.as_bytes(), "SECRET");
    }
}

/// To envseal this is a comment; to bash, compose and python-dotenv it is the value.
#[test]
fn with_a_hash_right_behind_the_equals_sign() {
    instead(format!("SECRET=#{PLAINTEXT}\n").as_bytes(), "SECRET");
}

#[test]
fn twice_with_either_one_in_the_open() {
    for (first, second) in [(true, false), (false, true)] {
        stopped(&[".env.production:", "SECRET", "[plaintext]"], |way| {
            let of = |open: bool| if open { PLAINTEXT.to_owned() } else { way.token("SECRET") };
            let twice = format!("SECRET={}\nSECRET={}\n", of(first), of(second));
            let once = format!("SECRET={}\n", way.token("SECRET"));
            way.add(".env.production", way.header(".env.production") + &way.pick(twice, once));
            way.git(&["commit", "-m", "x"])
        });
    }
}

#[test]
fn in_the_second_of_many_lines_of_a_large_file() {
    stopped(&[".env.production:5002: error: SECRET"], |way| {
        let many: String = (0..5000).map(|n| format!("N{n}=\n")).collect();
        let text = format!("{}{many}SECRET={}\n", way.header(".env.production"), way.value());
        way.add(".env.production", text);
        way.git(&["commit", "-m", "x"])
    });
}

#[test]
fn in_text_that_is_not_utf8() {
    for big in [false, true] {
        for mark in [false, true] {
            let text = format!("{}SECRET={PLAINTEXT}\n", if mark { "\u{feff}" } else { "" });
            let utf16: Vec<u8> = text
                .encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect();
            instead_file(&utf16);
        }
    }
    instead_file(format!("SECRET={PLAINTEXT}\n\0").as_bytes());
    instead(&[b"SECRET=", PLAINTEXT.as_bytes(), b"\xff\n"].concat(), "SECRET");
}

/// Commits these bytes as the whole file.
fn instead_file(bytes: &[u8]) {
    stopped(&[".env.production", "error"], |way| {
        let sealed = format!("{}SECRET={}\n", way.header(".env.production"), way.token("SECRET"));
        way.add(".env.production", way.pick(bytes, sealed.as_bytes()));
        way.git(&["commit", "-m", "x"])
    });
}

#[test]
fn as_a_line_that_is_no_variable() {
    for text in
        [format!("{PLAINTEXT}\n"), format!("SECRET {PLAINTEXT}\n"), format!("-----BEGIN-----\n{PLAINTEXT}\n")]
    {
        instead_file(text.as_bytes());
    }
}

#[test]
fn between_conflict_markers() {
    stopped(&[".env.production:2", "[conflict-marker]"], |way| {
        let sealed = way.token("SECRET");
        let torn = format!("<<<<<<< HEAD\nSECRET={PLAINTEXT}\n=======\nSECRET={sealed}\n>>>>>>> side\n");
        let text = way.pick(torn, format!("SECRET={sealed}\n"));
        way.add(".env.production", way.header(".env.production") + &text);
        way.git(&["commit", "-m", "x"])
    });
}
