//! What the pipes of docs/guides/platforms.md pass to stand-ins for the platforms' commands.

use super::{pages, shell_blocks};
use crate::support::{TestEnv, write_script};

const STAND_INS: [&str; 7] = ["wrangler", "fly", "netlify", "kubectl", "gh", "vercel", "systemd-creds"];

#[test]
fn each_platform_gets_the_values_and_nothing_else() {
    let env = TestEnv::new();
    // Not canaries: the harness would find them in the stand-ins' output.
    let (password, api) = ("it's \"$HOME\" `x` #1", "two=words \\n é");
    for (name, value) in [("DB_PASSWORD", password), ("API_KEY", api)] {
        env.envseal(&["set", "-q", name, "-e", "production"]).stdin(value).ok();
    }
    env.ok(&["set", "-q", "PORT=80", "--plain", "-e", "production"]);
    let (folder, got) = (env.outside().join("stand-ins"), env.outside().join("got"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::create_dir(&got).unwrap();
    for name in STAND_INS {
        // `netlify` reads the file that it is given.
        let input = if name == "netlify" { "\"$2\"" } else { "-" };
        let line = format!("cat {input} >\"{}/{name} $(echo \"$*\" | tr / -)\"", got.display());
        write_script(folder.join(name), &line);
    }
    let (_, page) = pages().into_iter().find(|(path, _)| path.ends_with("platforms.md")).unwrap();
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_envseal")).parent().unwrap();
    let path = format!("{}:{}:{}", folder.display(), bin.display(), std::env::var("PATH").unwrap());
    for block in shell_blocks(&page) {
        env.program("sh", &["-ec", block]).var("PATH", path.as_str()).ok();
    }
    let read = |name: &str| String::from_utf8(std::fs::read(got.join(name)).unwrap()).unwrap();
    let object: serde_json::Value = serde_json::from_str(&read("wrangler secret bulk")).unwrap();
    let wanted = serde_json::json!({ "DB_PASSWORD": password, "API_KEY": api, "PORT": "80" });
    assert_eq!(object, wanted);
    assert_eq!(read("fly secrets import"), format!("DB_PASSWORD={password}\nAPI_KEY={api}\nPORT=80\n"));
    let manifest = read("kubectl apply -f -");
    assert!(
        manifest.starts_with("apiVersion: v1\nkind: Secret\n") && manifest.contains("name: \"app\""),
        "{manifest}"
    );
    let imported = got.join("imported.env");
    std::fs::write(&imported, read("netlify env:import -dev-stdin")).unwrap();
    let imported: serde_json::Value =
        serde_json::from_str(&env.ok(&["get", "-f", imported.to_str().unwrap()])).unwrap();
    assert_eq!(imported, wanted);
    for (name, value) in [("DB_PASSWORD", password), ("API_KEY", api)] {
        assert_eq!(read(&format!("gh secret set {name}")), value);
        assert_eq!(read(&format!("vercel env add {name} production")), value);
    }
    assert_eq!(read("systemd-creds encrypt --name=db_password - db_password.cred"), password);
}
