//! The library as used by a member with a grant. `tests/library` has no team for this.

use envseal::{ErrorKind, Vault};

use crate::support::TestEnv;
use crate::team::{reads, two_members};

#[test]
fn a_grant_opens_with_the_identity_that_is_named() {
    let env = TestEnv::without_git();
    let [alice, bob] = two_members(&env);
    let identity = bob.home.join(".local/share/envseal/identity");
    let open = |file: &str| Vault::options().identity(&identity).open(bob.clone.join(file)).unwrap();
    let vars = open(".env.production").vars().unwrap();
    assert_eq!(vars.get("URL").unwrap().to_str().unwrap(), reads(&alice, "production", "URL"));
    // A missing identity is an error, not a reason to go on without secrets.
    let nowhere = Vault::options().identity(bob.home.join("none")).open(bob.clone.join(".env.production"));
    let error = nowhere.unwrap().vars().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoKey, "{error:?}");
    assert!(
        error.to_string().contains("none: it does not exist") && error.hint().as_deref().is_some(),
        "{error:?}"
    );
    // Bob has access to production, but not to staging.
    let error = open(".env.staging").vars().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoKey);
    assert!(
        error.details().iter().any(|line| line.contains("no grant of staging for you (bob)")),
        "{error:?}"
    );
    assert_eq!(error.hint().as_deref(), Some("ask alice to run: envseal team approve bob -e staging"));
}
