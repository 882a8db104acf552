//! What the types promise by the traits that they implement, or don't.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use envseal::{Changed, EnvPath, Error, Options, PrivateKey, PublicKey, Sealer, Token, Value, Vars, Vault};

/// Returns true if a type implements a trait. If the bound holds, the inherent method takes precedence.
macro_rules! implements {
    ($type:ty: $($bound:tt)+) => {{
        struct Probe<T: ?Sized>(PhantomData<T>);
        #[allow(dead_code, reason = "where the bound holds, this is not what is called")]
        trait Otherwise {
            fn answer(&self) -> bool {
                false
            }
        }
        impl<T: ?Sized> Otherwise for Probe<T> {}
        #[allow(dead_code, reason = "where the bound does not hold, this is not what is called")]
        impl<T: ?Sized + $($bound)+> Probe<T> {
            fn answer(&self) -> bool {
                true
            }
        }
        Probe::<$type>(PhantomData).answer()
    }};
}

#[test]
fn secrets_are_neither_shown_nor_cloned() {
    assert!(implements!(String: Display) && implements!(String: Clone), "the probe can tell");
    assert!(!implements!(Value: Display) && !implements!(Value: Clone) && implements!(Value: Debug));
    assert!(!implements!(PrivateKey: Display) && !implements!(PrivateKey: Clone));
    assert!(!implements!(Vars: Display) && !implements!(Vars: Clone));
    assert!(
        !implements!(Value: AsRef<[u8]>) && !implements!(Value: AsRef<str>),
        "a value is exposed only by a method with a clear name"
    );
    assert!(!implements!(Sealer: Clone), "a batch is never repeated: its nonce is fixed");
}

#[test]
fn everything_goes_between_threads() {
    fn sent<T: Send + Sync + 'static>() {}
    sent::<Vault>();
    sent::<Options>();
    sent::<EnvPath>();
    sent::<Vars>();
    sent::<Value>();
    sent::<Error>();
    sent::<PrivateKey>();
    sent::<PublicKey>();
    sent::<Token>();
    sent::<Sealer>();
    sent::<Changed>();
    let _: Box<dyn std::error::Error + Send + Sync> = Box::new("x".parse::<PublicKey>().unwrap_err());
}

#[test]
fn debug_output_holds_no_secret() {
    let folder = crate::Folder::sealed();
    let key: PrivateKey = folder.private_key().parse().unwrap();
    let vault =
        Vault::options().passphrase("correct horse").private_key(folder.private_key().parse().unwrap());
    let shown = format!("{key:?} {vault:?} {:?} {:?}", folder.open(), folder.open().vars().unwrap());
    for secret in [crate::CANARY, "envseal-sk1-", "correct horse"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
