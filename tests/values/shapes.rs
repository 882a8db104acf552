//! Env files as people have them, with what no random file (`tests/cli/sealing.rs`) contains. After `encrypt` and
//! `decrypt` every byte is the same, and every value reads the same while it is encrypted.

use envseal::Vault;

use crate::support::{TestEnv, make_private};

const KEY: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";

/// Each file's name and text. `KEY` is replaced by a line of base64, `LONG` by 6 kB of it.
const SHAPES: [(&str, &str); 23] = [
    (
        "Laravel",
        "APP_NAME=Laravel\nAPP_ENV=local\nAPP_KEY=base64:2fl+Ktvkfl+Fuz4Qp/A75G2RTiWVA/ZoKZvp6fiiM10=\nAPP_DEBUG=true\n\
        APP_URL=http://localhost\n\nLOG_CHANNEL=stack\nDB_CONNECTION=mysql\nDB_HOST=127.0.0.1\nDB_PORT=3306\nDB_DATABASE=laravel\n\
        DB_USERNAME=root\nDB_PASSWORD=\n\nMAIL_FROM_ADDRESS=\"hello@example.com\"\nMAIL_FROM_NAME=\"${APP_NAME}\"\n\n\
        VITE_APP_NAME=\"${APP_NAME}\"\n",
    ),
    (
        "Django",
        "DEBUG=on\nSECRET_KEY='django-insecure-#9k!(x$w=z%6&^_m@1*+e'\nALLOWED_HOSTS=localhost,127.0.0.1,[::1]\n\
        DATABASE_URL=psql://urser:un-githubbedpassword@127.0.0.1:8458/database\nSQLITE_URL=sqlite:///my-local-sqlite.db\n\
        CACHE_URL=memcache://127.0.0.1:11211,127.0.0.1:11212,127.0.0.1:11213\n",
    ),
    (
        "Next.js",
        "# Public\nNEXT_PUBLIC_ANALYTICS_ID=abcdefghijk\n\n# Server only\nHOSTNAME=localhost\nPORT=8080\nHOST=http://$HOSTNAME:$PORT\n\
        A=abc\nWRONG=pre\\$A\nNEXTAUTH_SECRET=\"hRZy+uSVLnHE6CvTz0VrNzJp\"\n",
    ),
    (
        "Prisma",
        "# Environment variables declared in this file are automatically made available to Prisma.\n# See the documentation for more detail: \
        https://pris.ly/d/prisma-schema#accessing-environment-variables-from-the-schema\n\n\
        DATABASE_URL=\"postgresql://johndoe:randompassword@localhost:5432/mydb?schema=public\"\nSHADOW_DATABASE_URL=\"file:./dev.db\"",
    ),
    (
        "PEM in single quotes",
        "export CERT='-----BEGIN CERTIFICATE-----\nKEY==\n-----END CERTIFICATE-----'   # of the staging CA\nAFTER=1\n",
    ),
    ("Windows line ends in a value", "A=\"one\r\ntwo\r\n\"\r\nB=2\r\n"),
    ("byte order mark, Windows line ends", "\u{feff}# c\r\nA=one\r\nB='two'"),
    ("a script to source", "#!/usr/bin/env bash\nexport A=one\nexport B='two words'\n"),
    ("duplicated names", "A=one\nB=$A\nA=two\nC=$A\nA=three\n"),
    (
        "unicode",
        "GREETING=Grüß Gott\nEMOJI=\"🔑 🇦🇹 👩‍💻\"\nCJK='密码=秘密'\nRTL=\"كلمة السر\"\nNFD='e\u{301}'\n",
    ),
    (
        "# in quotes",
        "A='a#b'\nB=\"# not a comment\" # a comment\nC=`#`\nCOLOR='#ff0000'\nCHANNEL=\"#general\"\n",
    ),
    (
        "quotes in quotes",
        "A='say \"hi\"'\nB=\"it's\"\nC=\"say \\\"hi\\\"\"\nD='it\\'s'\nE=it's\nF=say \"hi\"\n",
    ),
    ("long base64", "KEYSTORE=LONG==\nKEYSTORE_PASSWORD=changeit\n"),
    (
        "JSON",
        "A='{\"a\": [1, 2, {\"b\": null}], \"c\": \"d e\"}'\nB='[]'\nC={\"unquoted\":true}\nD='[\"https://a.example\", \"https://b.example\"]'\n",
    ),
    (
        "URLs",
        "A='https://u:p%40ss@h.example:8443/p/a;t=1?q=1&r=%20#frag'\nB=\"amqp://guest:guest@rabbit:5672/%2f?heartbeat=10&x=y\"\n\
        C=mongodb+srv://u:p@c0.example.mongodb.net/?retryWrites=true&w=majority\nD=jdbc:oracle:thin:@//h:1521/XE\n",
    ),
    (
        "regular expressions",
        "A='^[\\w.+-]+@(\\w+\\.)+\\w{2,}$'\nB='/^\\/api\\/(v\\d+)\\/?$/i'\nC='(?<!\\\\)\\$\\{(.*?)\\}'\n",
    ),
    (
        "Windows paths",
        "A=C:\\Users\\me\\new\\tools\nB='C:\\Program Files\\x'\nC=\"\\\\\\\\server\\\\share\"\nD=%APPDATA%\\x\n",
    ),
    (
        "bcrypt",
        "ADMIN_HASH='$2b$12$EXRkfkdmXn2gzds2SSitu.MW9.gAVqa9eLS1//RYtYCmB1eLHg.9q'\n\
        HTPASSWD='admin:$apr1$x8Kp2Yk1$Rr0kQJgH8Nn1O2oYQmZp9/'\nESCAPED=\\$2y\\$10\\$abc/def.ghi\n",
    ),
    (
        "references",
        "USER_=app\nPASS='p@ss word'\nHOST=${DB_HOST:-localhost}\nURL=\"postgres://${USER_}:${PASS}@${HOST}/db\"\n\
        FLAG=${NOPE:+set}\nNEST=${NOPE:-${USER_}}\nLITERAL='${USER_}'\n",
    ),
    ("odd names", "a=1\ncamelCase=2\n_X=3\nA.B-C=4\nA1=5\n__=6\n"),
    (
        "what steers programs",
        "NODE_OPTIONS=--max-old-space-size=4096\nPATH=/usr/bin:/bin\nSECRET=one\nLD_LIBRARY_PATH=\n",
    ),
    ("what is plain already", "PORT=3000 # envseal: plain\nNAME='x y' # envseal: plain\nSECRET=one # keep\n"),
    (
        "shell tricks that are text",
        "A='$(cat /etc/passwd)'\nB='a;b|c&d>e<f'\nC='!history'\nD=~/x\nE='*'\nF='{a,b}'\n",
    ),
];

#[test]
fn each_comes_back_byte_for_byte_and_reads_the_same() {
    let env = TestEnv::new();
    let files: Vec<_> = (0..SHAPES.len()).map(|at| format!(".env.{at}")).collect();
    let texts = SHAPES.map(|(_, text)| {
        let text =
            text.replace("=LONG", &format!("={}", KEY.repeat(90))).replace("KEY\\n", &format!("{KEY}\\n"));
        text.replace("\nKEY\n", &format!("\n{KEY}\n")).replace("\nKEY==\n", &format!("\n{KEY}==\n"))
    });
    // As the binary reads them, but in one process.
    let read = || -> Vec<Vec<(String, Vec<u8>)>> {
        let of_file = |file| {
            let options = Vault::options().keys_file(env.path(".env.keys"));
            let vars = options.open(env.path(file)).unwrap().vars().unwrap();
            vars.iter().map(|(name, value)| (name.to_owned(), value.expose().to_owned())).collect()
        };
        files.iter().map(of_file).collect()
    };
    files.iter().zip(&texts).for_each(|(file, text)| env.write(file, text));
    env.write(".env.keys", "");
    make_private(&env.path(".env.keys"));
    let before = read();
    env.ok(&["encrypt"]);
    let while_encrypted = read();
    let found = env.check(&[]);
    let is_error = |finding: &&String| finding.contains('!') && !finding.contains(" !duplicate-name ");
    let errors: Vec<_> = found.iter().filter(is_error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let sealed: Vec<_> = files.iter().map(|file| env.read(file)).collect();
    let selected: Vec<_> = files.iter().flat_map(|file| ["-f", file]).collect();
    env.ok(&[&["decrypt"][..], &selected].concat());
    let after = read();
    for (at, (name, _)) in SHAPES.iter().enumerate() {
        assert!(sealed[at].contains("=envseal:1:") || sealed[at].contains(" envseal:1:"), "{name}");
        assert_eq!(while_encrypted[at], before[at], "{name} while it is encrypted");
        assert_eq!(after[at], before[at], "{name} after it was decrypted");
        // The header is the only addition. It comes after what must be first in a file.
        let (plain, text) = (env.read(&files[at]), &texts[at]);
        let (first, rest) = match text.split_once('\n') {
            Some((first, rest)) if first.starts_with("#!") => (format!("{first}\n"), rest),
            _ => match text.strip_prefix('\u{feff}') {
                Some(rest) => ("\u{feff}".to_owned(), rest),
                None => (String::new(), &**text),
            },
        };
        let header = plain.strip_prefix(&*first).and_then(|plain| plain.strip_suffix(rest));
        let header = header.unwrap_or_else(|| panic!("{name}: {plain:?}"));
        assert_eq!(header.matches("ENVSEAL_PUBLIC_KEY_").count(), 1, "{name}: {header}");
        let is_header =
            |line: &str| line.is_empty() || line.starts_with("# ") || line.starts_with("ENVSEAL_PUBLIC_KEY_");
        assert!(header.lines().all(is_header), "{name}: {header}");
    }
}
