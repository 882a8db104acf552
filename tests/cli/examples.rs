//! Runs the lines that `examples/` has for CI and for images, unchanged. There is neither a runner nor a Docker engine
//! here, so everything around those lines is only read.

use saphyr::{LoadableYamlNode, Yaml};

use crate::support::{TestEnv, write_script};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{EXAMPLES}/{path}")).unwrap()
}

/// Returns the command lines of `envseal` in both files, and whether each gets the private key.
fn ci_lines() -> Vec<(String, bool)> {
    let (github, gitlab) = (read("ci/github.yml"), read("ci/gitlab.yml"));
    let (github, gitlab) = (Yaml::load_from_str(&github).unwrap(), Yaml::load_from_str(&gitlab).unwrap());
    let mut lines = Vec::new();
    for job in ["check", "deploy"] {
        for step in github[0]["jobs"][job]["steps"].as_vec().unwrap() {
            let Some(line) = step.as_mapping_get("run") else { continue };
            let has_key = step.as_mapping_get("env").is_some_and(|env| {
                let key = "ENVSEAL_PRIVATE_KEY_PRODUCTION";
                env[key].as_str() == Some(&*format!("${{{{ secrets.{key} }}}}"))
            });
            lines.push((line.as_str().unwrap().to_owned(), has_key));
        }
        // GitLab hands a protected variable to every job of the environment.
        let has_key = gitlab[0][job].as_mapping_get("environment").is_some();
        for line in gitlab[0][job]["script"].as_vec().unwrap() {
            lines.push((line.as_str().unwrap().to_owned(), has_key));
        }
    }
    lines.retain(|(line, _)| line.starts_with("envseal "));
    lines
}

#[test]
fn ci_checks_without_a_key_and_deploys_with_the_injected_one() {
    let env = TestEnv::new();
    let secret = env.secret("deployed");
    env.envseal(&["set", "DB_PASSWORD", "-e", "production"]).stdin(&secret).ok();
    let deploy = "test ${#DB_PASSWORD} -gt 3 && test -z \"$ENVSEAL_PRIVATE_KEY_PRODUCTION\" && echo deployed";
    write_script(env.path("deploy.sh"), deploy);
    env.commit("sealed");
    let key = env.private_key("ENVSEAL_PRIVATE_KEY_PRODUCTION");
    std::fs::remove_file(env.path(".env.keys")).unwrap();
    let lines = ci_lines();
    assert_eq!(lines.len(), 4, "{lines:?}");
    for (line, has_key) in lines {
        let run = || env.shell(&line);
        if has_key {
            assert_eq!(run().var("ENVSEAL_PRIVATE_KEY_PRODUCTION", &key).ok(), "deployed\n", "{line}");
            assert!(run().output().status > 0, "without the key nothing is started: {line}");
        } else {
            run().ok();
        }
    }
}

/// Returns the Dockerfile's instructions, each as its first word and the rest.
fn instructions(dockerfile: &str) -> Vec<(&str, &str)> {
    let lines = dockerfile.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(' ').unwrap()).collect()
}

#[test]
fn the_image_holds_no_key_and_its_entry_point_runs() {
    let dockerfile = read("docker/Dockerfile");
    let instructions = instructions(&dockerfile);
    for (word, rest) in &instructions {
        let known = ["FROM", "RUN", "COPY", "WORKDIR", "USER", "ENTRYPOINT", "CMD"];
        assert!(known.contains(word), "{word} {rest}: neither ARG nor ENV, which stay in a layer");
        assert!(!rest.contains("sk1") && !rest.contains("KEY"), "{word} {rest}");
    }
    let ignored = read("docker/Dockerfile.dockerignore");
    let ignored: Vec<_> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(
        ignored.contains(&".env.keys") && ignored.contains(&"**/.env.keys") && ignored.contains(&"**/*.keys")
    );

    // Copy what is copied from the build context into one folder, as in the image.
    let env = TestEnv::without_git();
    for (_, rest) in
        instructions.iter().filter(|(word, rest)| *word == "COPY" && !rest.starts_with("--from="))
    {
        let words: Vec<_> = rest.split(' ').collect();
        for source in &words[..words.len() - 1] {
            assert!(!source.contains("keys") && !ignored.contains(source), "{source}");
            std::fs::copy(format!("{EXAMPLES}/quickstart/{source}"), env.path(source)).unwrap();
        }
    }
    let stages: Vec<_> = instructions.iter().filter_map(|(_, rest)| rest.split_once(" AS ")).collect();
    let from = instructions.iter().find_map(|(_, rest)| rest.strip_prefix("--from=")).unwrap();
    assert_eq!(stages[0].1, from.split(' ').next().unwrap(), "the binary is from the stage that builds it");
    assert!(from.ends_with("/usr/local/bin/envseal"), "{from}");

    let exec = |word: &str| -> Vec<String> {
        let (_, rest) = instructions.iter().find(|(there, _)| *there == word).unwrap();
        serde_json::from_str(rest).expect("the exec form: a JSON array")
    };
    let (entry, command) = (exec("ENTRYPOINT"), exec("CMD"));
    assert_eq!(entry[0], "envseal");
    let arguments: Vec<&str> = entry[1..].iter().chain(&command).map(String::as_str).collect();
    let keys = read("quickstart/demo.keys");
    let key = keys.lines().find_map(|line| line.strip_prefix("ENVSEAL_PRIVATE_KEY=")).unwrap();
    let greeting = env.envseal(&arguments).var("ENVSEAL_PRIVATE_KEY", key).ok();
    assert!(greeting.starts_with("Hello, quickstart reader! Listening on port 8080.\n"), "{greeting}");
    assert!(env.fails(3, &arguments).contains("no private key"));
}
