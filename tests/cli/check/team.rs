//! The rules about the team file, each with a finding and a control, in the working tree, staged and in a range.

use std::collections::BTreeMap;

use envseal::testing::config::EnvName;
use envseal::testing::crypto::{Identity, PrivateKey};
use envseal::testing::team::{Exposure, ExposureState, GrantLine, MemberName, Rotation, TeamFile};
use envseal::testing::time::Moment;

use super::findings;
use crate::support::{Start, TestEnv, make_private, write_identity};

/// A repository with a sealed `.env.production` that holds `A` and `B`, and a team.
pub(crate) struct Team {
    pub(crate) env: TestEnv,
    pub(crate) file: TeamFile,
    pub(crate) key: PrivateKey,
    identities: BTreeMap<String, Identity>,
}

pub(crate) fn production() -> EnvName {
    EnvName::new("production").unwrap()
}

pub(crate) fn name(name: &str) -> MemberName {
    MemberName::new(name).unwrap()
}

impl Team {
    /// Creates a committed team with these members, all granted access by the first.
    pub(crate) fn new(members: &[&str]) -> Self {
        static START: Start = Start::new();
        let env = TestEnv::copy_of(&START, |env| {
            for variable in ["A", "B"] {
                env.envseal(&["set", "-q", variable, "-e", "production"]).stdin(env.secret(variable)).ok();
            }
        });
        let key = PrivateKey::parse(&env.private_key("ENVSEAL_PRIVATE_KEY_PRODUCTION")).unwrap();
        let mut team = Self { env, file: TeamFile::parse(b"").unwrap(), key, identities: BTreeMap::new() };
        for member in members {
            team.join(member);
            team.grant(member, members[0]);
        }
        team.commit("team");
        team
    }

    /// Removes the private key, which most checks don't have.
    pub(crate) fn forget_the_key(&self) -> &Self {
        std::fs::remove_file(self.env.path(".env.keys")).unwrap();
        self
    }

    /// Returns a member's identity, and creates it on first use.
    pub(crate) fn identity(&mut self, member: &str) -> &Identity {
        self.identities.entry(member.to_owned()).or_insert_with(Identity::generate)
    }

    pub(crate) fn join(&mut self, member: &str) {
        let key = self.identity(member).public();
        self.file.put_member(&name(member), &key);
    }

    /// Returns a grant of this environment's key.
    pub(crate) fn line(&mut self, env: &str, key: &PrivateKey, to: &str, by: &str) -> GrantLine {
        let (recipient, granter) = (self.identity(to).public(), self.identity(by).clone());
        GrantLine::make(&EnvName::new(env).unwrap(), key, (&name(to), &recipient), (&name(by), &granter))
    }

    pub(crate) fn grant(&mut self, to: &str, by: &str) {
        let key = self.key.clone();
        let line = self.line("production", &key, to, by);
        self.file.put_grant(line);
    }

    pub(crate) fn remove(&mut self, member: &str) {
        self.file.remove_member(&name(member), Moment { seconds: 1_767_323_045, offset: 0 });
    }

    /// Removes a member and their grant.
    pub(crate) fn expel(&mut self, member: &str) {
        self.remove(member);
        self.file.take_grant(&production(), &name(member));
    }

    /// Returns the record that `member` could read this variable, as a holder of the key writes it.
    pub(crate) fn exposure(&self, member: &str, variable: &str, state: ExposureState) -> Exposure {
        let blank = self.key.public();
        let tag = Rotation::make(&production(), &self.key, &blank).proof;
        let mut exposure = Exposure {
            env: production(),
            member: name(member),
            name: variable.into(),
            since: Moment { seconds: 1_767_323_045, offset: 0 },
            state,
            tags: vec![tag],
            proof: tag,
            line: 0,
        };
        exposure.proof = exposure.proof_by(&self.key);
        exposure
    }

    pub(crate) fn expose(&mut self, member: &str, variable: &str, state: ExposureState) {
        let exposure = self.exposure(member, variable, state);
        self.file.put_exposure(exposure);
    }

    /// Records that this environment's key replaced the old one.
    pub(crate) fn prove(&mut self, old: &PrivateKey) {
        self.file.put_rotation(Rotation::make(&production(), old, &self.key.public()));
    }

    pub(crate) fn save(&self) {
        self.env.write("envseal.toml", self.file.text());
    }

    pub(crate) fn commit(&self, message: &str) {
        self.save();
        self.env.commit(message);
    }

    /// Gives the environment a new key, re-encrypts every value and keeps the old key. Returns the old key.
    pub(crate) fn rekey(&mut self) -> PrivateKey {
        let new = PrivateKey::generate();
        let text = self.env.read(".env.production");
        let text = text.replace(&self.key.public().to_string(), &new.public().to_string());
        self.env.write(".env.production", text);
        let keys = self.env.read(".env.keys");
        let old = std::mem::replace(&mut self.key, new);
        let variable = "ENVSEAL_PRIVATE_KEY_PRODUCTION=";
        let line = format!("{variable}{},", self.key.to_text().expose());
        self.env.write(".env.keys", keys.replace(variable, &line));
        make_private(&self.env.path(".env.keys"));
        self.env.ok(&["encrypt", "-q", "--reseal", "-e", "production"]);
        old
    }

    /// Commits the change, and returns what `check` finds at every stage of it.
    #[track_caller]
    pub(crate) fn found(&self) -> Vec<String> {
        self.env.check_throughout()
    }

    /// Returns the message and the fix of the only finding in the worktree.
    #[track_caller]
    pub(crate) fn message(&self) -> String {
        let output = self.env.envseal(&["check", "--json"]).output();
        let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
        format!("{} fix: {}", list[0]["message"].as_str().unwrap(), list[0]["fix"].as_str().unwrap())
    }

    /// Returns the number of the line that begins with `start`.
    #[track_caller]
    pub(crate) fn at(&self, start: &str) -> usize {
        let text = self.env.read("envseal.toml");
        let at = text.lines().position(|line| line.starts_with(start));
        at.unwrap_or_else(|| panic!("no {start} in {text}")) + 1
    }
}

/// Returns a text without the lines that start so.
fn without(text: &str, starts: &[&str]) -> String {
    let lines = text.lines().filter(|line| !starts.iter().any(|start| line.starts_with(start)));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_team_in_order_is_not_told_of() {
    let mut team = Team::new(&["alice", "bob"]);
    let all = team.env.check(&["--range", &format!("{}..HEAD", "0".repeat(40))]);
    assert!(all.is_empty(), "the first members are let in by nobody: {all:?}");
    assert!(team.found().is_empty());
    team.join("carol");
    team.save();
    assert!(team.found().is_empty(), "a request");
    team.grant("carol", "bob");
    team.save();
    assert!(team.found().is_empty(), "an approval");
    team.forget_the_key();
    assert!(team.env.check(&[]).is_empty(), "nor without the key");
    assert!(team.env.check(&["--range", "HEAD~3.."]).is_empty());
    // A repository that is older than its team.
    let mut team = Team::new(&[]);
    team.join("alice");
    team.grant("alice", "alice");
    team.save();
    assert!(team.found().is_empty());
}

/// Anyone who has a key can grant it to themselves. Only a check of a range reports each such grant, once.
#[test]
fn a_grant_to_oneself_is_shown_to_the_reviewer() {
    let mut team = Team::new(&["alice", "bob"]);
    team.grant("bob", "bob");
    team.save();
    let line = team.at("bob = { key");
    let wanted = [format!("envseal.toml:{line} self-granted -")];
    assert!(team.found().is_empty());
    assert_eq!(team.env.check(&["--range", "HEAD~1.."]), wanted);
    assert_eq!(team.env.check(&["--range", "HEAD~1..", "--accept-policy"]), wanted);
    team.join("carol");
    team.grant("carol", "alice");
    team.commit("carol");
    assert!(team.env.check(&["--range", "HEAD~1.."]).is_empty(), "it was shown before");
}

#[test]
fn a_grant_of_another_key_says_both_and_what_to_do() {
    let mut team = Team::new(&["alice"]);
    let old = team.rekey();
    let line = team.at("alice = { key");
    team.prove(&old);
    team.save();
    let message = team.message();
    for said in [old.public().id(), team.key.public().id()] {
        assert!(message.contains(&said.to_string()), "{message}");
    }
    assert!(message.contains("envseal team approve alice -e production"), "{message}");
    let wanted = [format!("envseal.toml:{line} !grant-invalid ENVSEAL_PUBLIC_KEY_PRODUCTION")];
    assert_eq!(team.found(), wanted);
    team.grant("alice", "alice");
    team.save();
    assert!(team.found().is_empty());
}

#[test]
fn old_faults_stop_no_change_that_has_nothing_to_do_with_them() {
    let mut team = Team::new(&["alice"]);
    let old = team.rekey();
    team.prove(&old);
    team.save();
    // Commit the proof first, so that the team file is not part of the change: a rotation alone brings its grants to
    // account.
    team.env.git(&["commit", "-q", "--no-verify", "-m", "proof", "envseal.toml"]);
    assert_eq!(team.found().len(), 1);
    assert_eq!(team.env.check(&[]).len(), 1);
    let secret = team.env.secret("more");
    team.env.envseal(&["set", "-q", "A", "-e", "production"]).stdin(secret).ok();
    team.env.git(&["add", "-A"]);
    assert!(team.env.check(&["--staged"]).is_empty());
    assert!(team.env.check_commit("a blind set").is_empty());
}

#[test]
fn a_removal_that_is_not_finished_is_told_and_can_be_committed() {
    let mut team = Team::new(&["alice", "bob"]);
    team.remove("bob");
    team.save();
    let line = team.at("bob = { key = \"envseal-pk1");
    let message = team.message();
    assert!(message.starts_with("bob was removed but still has a grant of production"), "{message}");
    assert!(message.contains("envseal team remove bob"), "{message}");
    assert_eq!(team.env.check(&[]), [format!("envseal.toml:{line} !removal-pending -")]);
    team.env.git(&["add", "-A"]);
    let advice = [format!("envseal.toml:{line} removal-pending -")];
    assert_eq!(team.env.check(&["--staged"]), advice);
    team.env.ok(&["hook", "install", "-q"]);
    team.env.git_with_envseal(&["commit", "-q", "-m", "bob is gone"]).ok();
    assert_eq!(team.env.check(&["--range", "HEAD~1.."]), advice);
    assert_eq!(team.env.check(&[]), [format!("envseal.toml:{line} !removal-pending -")]);
    team.file.take_grant(&production(), &name("bob"));
    team.save();
    assert!(team.found().is_empty(), "and finished");
    // A grant that is put back is new.
    team.grant("bob", "alice");
    team.save();
    assert_eq!(team.found(), [format!("envseal.toml:{line} !removal-pending -")]);
}

#[test]
fn what_a_removed_member_granted_is_pending_too() {
    let mut team = Team::new(&["alice", "bob"]);
    team.join("carol");
    team.grant("carol", "bob");
    team.commit("carol");
    team.expel("bob");
    team.save();
    let message = team.message();
    assert!(message.contains("made by bob, who was removed"), "{message}");
    assert!(message.contains("envseal team approve carol -e production"), "{message}");
    let line = team.at("carol = { key");
    assert_eq!(team.env.check(&[]), [format!("envseal.toml:{line} !removal-pending -")]);
    team.grant("carol", "alice");
    team.save();
    assert!(team.found().is_empty());
}

#[test]
fn names_and_keys_that_stand_for_two() {
    let mut team = Team::new(&["alice", "bob"]);
    let bob = team.identity("bob").public();
    team.file.put_member(&name("robert"), &bob);
    team.save();
    let line = team.at("robert");
    assert_eq!(team.found(), [format!("envseal.toml:{line} !team-file -")]);
    team.env.write("envseal.toml", "[members]\n\nbob = 1\n");
    let found = team.env.check(&[]);
    assert!(found.contains(&"envseal.toml:3 !team-file -".to_owned()), "{found:?}");
}

#[test]
fn who_is_behind_a_name_cannot_change() {
    // There are no grants, so no other rule applies.
    let mut team = Team::new(&[]);
    team.join("alice");
    team.join("bob");
    team.commit("members");
    team.file.put_member(&name("bob"), &Identity::generate().public());
    team.save();
    let line = team.at("bob");
    assert_eq!(team.found(), [format!("envseal.toml:{line} !member-changed -")]);
    assert!(team.env.check(&[]).is_empty(), "against HEAD");
    let mut with_bob = team.file.clone();
    team.remove("bob");
    team.save();
    assert!(team.found().is_empty(), "a removal");
    let removed = team.env.read("envseal.toml");
    // The record of the removal is altered, then deleted.
    for other in [removed.replace("2026-01-02", "2027-01-02"), without(&removed, &["bob"])] {
        team.env.write("envseal.toml", &other);
        let found = team.found();
        assert!(matches!(&found[..], [one] if one.contains("!member-changed")), "{found:?}");
        team.env.git(&["reset", "-q", "--hard", "HEAD~1"]);
    }
    // Back under the same name; and under another.
    let bob = team.identity("bob").public();
    with_bob.put_member(&name("bob"), &bob);
    team.env.write("envseal.toml", with_bob.text());
    let line = team.at("bob");
    assert_eq!(team.found(), [format!("envseal.toml:{line} !member-changed -")]);
    team.env.git(&["reset", "-q", "--hard", "HEAD~1"]);
    team.file.put_member(&name("bob"), &bob);
    team.save();
    let line = team.at("bob");
    let both = ["team-file", "member-changed"].map(|rule| format!("envseal.toml:{line} !{rule} -"));
    assert_eq!(team.found(), both, "beside the record");
    team.env.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let mut file = TeamFile::parse(removed.as_bytes()).unwrap();
    file.put_member(&name("bob2"), &bob);
    team.env.write("envseal.toml", file.text());
    assert!(team.found().is_empty());
}

#[test]
fn a_team_file_that_cannot_be_read_is_not_an_empty_one() {
    let mut team = Team::new(&["alice", "bob"]);
    team.join("carol");
    team.grant("alice", "carol");
    team.commit("carol");
    team.expel("bob");
    team.commit("Remove bob");
    let whole = team.env.read("envseal.toml");
    let unreadable = [
        (whole.replacen("[members]", "[members", 1), "!team-file"),
        (format!("<<<<<<< HEAD\n{whole}"), "!conflict-marker"),
    ];
    for (text, rule) in unreadable {
        team.env.write("envseal.toml", &text);
        let found = team.env.check(&[]);
        assert!(matches!(&found[..], [one] if one.contains(rule)), "{found:?}");
    }
    // What it recorded is dropped by whoever repairs it.
    team.env.commit("broken");
    team.env.write("envseal.toml", whole.split("[removed]").next().unwrap());
    team.env.git(&["add", "-A"]);
    let gone = |found: &[String]| found == ["envseal.toml:- !member-changed -"];
    assert!(gone(&team.env.check(&["--staged"])));
    team.env.commit("repaired");
    for range in ["HEAD~1..HEAD", "HEAD~2..HEAD", "HEAD~3..HEAD"] {
        assert!(gone(&team.env.check(&["--range", range, "--accept-policy"])), "{range}");
    }
    // A grant by a new member is not one by the first.
    team.env.git(&["reset", "-q", "--hard", "HEAD~1"]);
    team.join("mallory");
    team.grant("mallory", "mallory");
    team.commit("repaired, with a guest");
    let found = team.env.check(&["--range", "HEAD~1..HEAD"]);
    assert!(found.iter().any(|one| one.contains("!grant-invalid")), "{found:?}");
}

#[test]
fn a_repair_keeps_what_either_side_of_a_broken_merge_recorded() {
    let mut team = Team::new(&["alice", "bob"]);
    team.env.git(&["branch", "side"]);
    team.expel("bob");
    team.commit("Remove bob");
    team.env.git(&["checkout", "-q", "side"]);
    let of_side = team.env.read("envseal.toml") + "\n[policy]\nplain = [\"PORT\"]\n";
    team.env.write("envseal.toml", &of_side);
    team.env.commit("a policy");
    for [ours, theirs] in [["main", "side"], ["side", "main"]] {
        team.env.git(&["checkout", "-q", "-B", "merged", ours]);
        team.env.git(&["merge", "-q", "-s", "ours", "--no-commit", theirs]);
        team.env.write("envseal.toml", format!("<<<<<<< ours\n{of_side}"));
        team.env.commit("merge");
        team.env.write("envseal.toml", &of_side);
        let found = team.env.check_commit("repair");
        assert!(found.iter().any(|one| one.contains("!member-changed")), "{ours}: {found:?}");
    }
    // Where the clone ends, the finding is still that the file can't be read, and it can be repaired.
    team.env.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let shallow = team.env.outside().join("shallow");
    let from = format!("file://{}", team.env.repo().display());
    team.env.git(&["clone", "-q", "--depth", "1", &from, shallow.to_str().unwrap()]);
    let check =
        |arguments: &[&str]| team.env.envseal(&[&["check"], arguments].concat()).dir(&shallow).output();
    let output = check(&[]);
    assert!(output.status == 1 && String::from_utf8_lossy(&output.stdout).contains("[conflict-marker]"));
    std::fs::write(shallow.join("envseal.toml"), &of_side).unwrap();
    team.env.program("git", &["commit", "-q", "-am", "repair"]).dir(&shallow).ok();
    assert_eq!(check(&["--staged"]).status, 0);
    assert_eq!(check(&["--range", "HEAD~1..HEAD"]).status, 4);
}

#[test]
fn who_was_let_in_does_not_go_without_a_trace() {
    let mut team = Team::new(&["alice", "bob"]);
    team.join("carol");
    team.commit("a request");
    let text = team.env.read("envseal.toml");
    team.env.write("envseal.toml", without(&text, &["carol"]));
    assert!(team.found().is_empty(), "a withdrawn request");
    team.env.write("envseal.toml", without(&text, &["carol", "bob"]));
    assert_eq!(team.found(), ["envseal.toml:- !member-changed -"]);
}

#[test]
fn what_is_to_be_replaced_is_counted() {
    let mut team = Team::new(&["alice", "bob"]);
    team.expel("bob");
    team.commit("bob is gone");
    let states =
        [("A", ExposureState::Exposed), ("B", ExposureState::Unverified), ("GONE", ExposureState::Exposed)];
    for (variable, state) in states {
        team.expose("bob", variable, state);
    }
    team.save();
    assert!(team.message().starts_with("2 values of production that removed members could read"));
    let line = team.at("A = {");
    assert_eq!(team.found(), [format!("envseal.toml:{line} exposed -")]);
    assert_eq!(team.env.envseal(&["check", "--strict"]).output().status, 1);
    team.expose("bob", "B", ExposureState::Replaced);
    team.save();
    assert!(team.message().starts_with("1 value of production"), "its state may change");
    team.expose("bob", "A", ExposureState::Replaced);
    team.save();
    assert!(team.found().is_empty());
}

/// Creates a committed team from which bob was removed, with `A` exposed to him.
fn exposed() -> Team {
    let mut team = Team::new(&["alice", "bob"]);
    team.expel("bob");
    team.expose("bob", "A", ExposureState::Replaced);
    team.commit("bob is gone");
    team
}

#[test]
fn a_doctored_exposure_is_told_with_the_key_and_without() {
    for with_key in [true, false] {
        let team = exposed();
        if !with_key {
            team.forget_the_key();
        }
        let other = PrivateKey::generate();
        let old = team.file.exposures()[0].clone();
        let doctored = [
            Exposure { tags: Vec::new(), ..old.clone() },
            Exposure { since: Moment { seconds: 1_800_000_000, offset: 0 }, ..old.clone() },
            Exposure { proof: old.proof_by(&other), ..old.clone() },
        ];
        for exposure in doctored {
            for proof in [exposure.proof, exposure.proof_by(&other)] {
                let mut file = team.file.clone();
                file.put_exposure(Exposure { proof, ..exposure.clone() });
                team.env.write("envseal.toml", file.text());
                let line = team.at("A = {");
                assert_eq!(team.found(), [format!("envseal.toml:{line} !exposure-altered A")], "{with_key}");
                team.env.git(&["reset", "-q", "--hard", "HEAD~1"]);
            }
        }
        team.env.write("envseal.toml", without(&team.file.text(), &["A = {"]));
        assert_eq!(team.found(), ["envseal.toml:- !exposure-altered A"], "{with_key}");
        team.env.git(&["reset", "-q", "--hard", "HEAD~1"]);
        std::fs::remove_file(team.env.path("envseal.toml")).unwrap();
        assert_eq!(team.found(), ["envseal.toml:- !exposure-altered -"], "{with_key}");
    }
}

#[test]
fn a_holder_may_write_an_exposure_anew() {
    let mut team = exposed();
    let mut exposure = team.file.exposures()[0].clone();
    exposure.tags.push(exposure.proof);
    exposure.proof = exposure.proof_by(&team.key);
    team.file.put_exposure(exposure);
    team.save();
    assert!(team.env.check(&[]).is_empty());
    team.forget_the_key();
    assert_eq!(team.found().len(), 1, "without a key it can't be verified, so it is refused");
}

#[test]
fn a_rotation_renews_the_proofs() {
    for with_key in [true, false] {
        let mut team = exposed();
        let old = team.rekey();
        team.grant("alice", "alice");
        let mut exposure = team.file.exposures()[0].clone();
        exposure.proof = exposure.proof_by(&team.key);
        team.file.put_exposure(exposure.clone());
        team.prove(&old);
        team.save();
        if !with_key {
            team.forget_the_key();
        }
        let found = team.env.check(&[]);
        assert!(found.iter().all(|finding| finding.contains("!public-key-changed")), "{found:?}");
        assert_eq!(found.len(), usize::from(!with_key));
        // A rotation doesn't allow the record's facts to change without a valid proof.
        exposure.tags.clear();
        exposure.proof = exposure.proof_by(&PrivateKey::generate());
        team.file.put_exposure(exposure);
        team.save();
        let found = team.env.check(&[]);
        assert!(found.iter().any(|finding| finding.contains("!exposure-altered A")), "{found:?}");
    }
}

#[test]
fn a_proven_rotation_is_no_finding() {
    let mut team = Team::new(&["alice"]);
    let old = team.rekey();
    team.grant("alice", "alice");
    team.save();
    let keys = team.env.read(".env.keys");
    let found = team.env.check(&[]);
    assert_eq!(found, [".env.production:2 !public-key-changed ENVSEAL_PUBLIC_KEY_PRODUCTION"], "no proof");
    team.prove(&old);
    team.save();
    assert!(team.env.check(&[]).is_empty());
    // The new key alone proves nothing; the message says which key does.
    let new_only = keys.replace(&format!(",{}", old.to_text().expose()), "");
    assert_ne!(new_only, keys);
    team.env.write(".env.keys", new_only);
    make_private(&team.env.path(".env.keys"));
    let message = team.message();
    assert!(message.contains(&format!("takes private key {}", old.public().id())), "{message}");
    assert!(message.contains("ENVSEAL_PRIVATE_KEY_PRODUCTION=NEW,OLD"), "{message}");
    // As in a CI that has both keys.
    let both = format!("{},{}", team.key.to_text().expose(), old.to_text().expose());
    let run = team.env.envseal(&["check", "--json"]).var("ENVSEAL_PRIVATE_KEY_PRODUCTION", &both);
    assert!(findings(&run.output()).is_empty());
    // The old key from an earlier grant is enough.
    let identity = team.identity("alice").clone();
    let file = team.env.outside().join("home/identity");
    write_identity(&file, &identity);
    std::fs::remove_file(team.env.path(".env.keys")).unwrap();
    let run = team.env.envseal(&["check", "--json", "-i", file.to_str().unwrap()]);
    assert!(findings(&run.output()).is_empty());
    team.env.write(".env.keys", keys);
    make_private(&team.env.path(".env.keys"));
    assert!(team.found().is_empty());
}

#[test]
fn a_mark_allows_what_is_no_change() {
    let mut team = Team::new(&["alice"]);
    let line = team.line("production", &PrivateKey::generate(), "alice", "alice");
    team.file.put_grant(line);
    let marked = team.file.text().replace(" }\n", " } # envseal: allow grant-invalid\n");
    team.env.write("envseal.toml", marked);
    let line = team.at("alice = { key");
    assert_eq!(team.env.check(&[]), [format!("envseal.toml:{line} allow-added -")]);
    team.env.commit("allowed");
    assert!(team.env.check(&[]).is_empty());
    assert_eq!(
        team.env.check(&["--range", "HEAD~1.."]),
        [format!("envseal.toml:{line} self-granted -"), format!("envseal.toml:{line} !allow-added -"),]
    );
}

#[test]
fn a_package_has_a_team_of_its_own() {
    let team = Team::new(&["alice"]);
    let mut inner = Team::new(&["bob"]);
    inner.rekey();
    inner.grant("bob", "bob");
    inner.save();
    let text = |team: &Team, file: &str| team.env.read(file);
    team.env.write("pkg/.env.production", text(&inner, ".env.production"));
    team.env.write("pkg/envseal.toml", text(&inner, "envseal.toml"));
    team.env.git(&["add", "-A"]);
    let found = team.env.check(&["--staged"]);
    assert!(found.is_empty(), "each team goes with its own env files: {found:?}");
    team.env.commit("package");
    // Its members have no standing in the team that was there before.
    let line = inner.file.grants().len() + inner.at("[grants.production]");
    let found = team.env.check(&["--range", "HEAD~1.."]);
    assert!(found.contains(&format!("pkg/envseal.toml:{line} !grant-invalid -")), "{found:?}");
    let outer = team.key.clone();
    let stray = inner.line("production", &outer, "bob", "bob");
    inner.file.put_grant(stray);
    team.env.write("pkg/envseal.toml", inner.file.text());
    let found = team.found();
    assert!(
        matches!(&found[..], [one] if one.starts_with("pkg/envseal.toml") && one.contains("!grant-invalid ENVSEAL")),
        "{found:?}"
    );
}
