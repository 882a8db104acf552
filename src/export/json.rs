//! One JSON object, two spaces of indent, in the order given.
//!
//! Strings are Unicode (RFC 8259, section 8.1), so a value must be UTF-8. NUL is fine: `\u0000`.

use serde::ser::{Serialize, SerializeMap, Serializer};
use zeroize::Zeroizing;

use super::out::sized;
use super::{ExportError, Format, Variable};

pub(super) fn write(vars: &[Variable<'_>]) -> Result<Zeroizing<Vec<u8>>, ExportError> {
    let texts =
        vars.iter().map(|var| Ok((var.name, var.text(Format::Json)?))).collect::<Result<Vec<_>, _>>()?;
    let object = Object(&texts);
    Ok(sized(|out| {
        serde_json::to_writer_pretty(&mut *out, &object)
            .expect("strings serialise, and the buffer takes every write");
        out.put("\n");
    }))
}

struct Object<'a>(&'a [(&'a str, &'a str)]);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
