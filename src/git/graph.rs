//! Git's commit-graph (gitformat-commit-graph(5)): parents, tree and time of the commits that were there when git
//! last wrote it, which `git gc` and `git maintenance` do. Much quicker than reading the commits themselves.
//!
//! It is a cache. What is malformed, or of a kind that is not known here, counts as not there.

use git2::Oid;

use super::commit::Links;
use super::{ObjectId, Objects};

const NO_PARENT: u32 = 0x7000_0000;
const MORE: u32 = 0x8000_0000;

/// The files of a commit-graph, the oldest first.
pub(super) struct Graph {
    layers: Vec<Layer>,
}

/// One file: the commits that those before it do not have.
struct Layer {
    data: Vec<u8>,
    fanout: usize,
    ids: usize,
    commits: usize,
    edges: Option<usize>,
    count: usize,
    /// How many commits the layers before it have.
    before: usize,
}

impl Objects {
    /// The commit-graph, if git wrote one and would use it.
    pub(super) fn graph(&self) -> Option<Graph> {
        if self.inner.config().and_then(|config| config.get_bool("core.commitGraph")) == Ok(false) {
            return None;
        }
        let info = self.inner.commondir().join("objects/info");
        if let Ok(data) = crate::fsio::read(&info.join("commit-graph")) {
            return Graph::new([data]);
        }
        let chain = crate::fsio::read(&info.join("commit-graphs/commit-graph-chain")).ok()?;
        let mut files = Vec::new();
        for name in std::str::from_utf8(&chain).ok()?.lines() {
            let id = Oid::from_str(name).ok()?;
            files.push(crate::fsio::read(&info.join(format!("commit-graphs/graph-{id}.graph"))).ok()?);
        }
        Graph::new(files)
    }
}

impl Graph {
    fn new(files: impl IntoIterator<Item = Vec<u8>>) -> Option<Self> {
        let mut layers: Vec<Layer> = Vec::new();
        for data in files {
            let before = layers.iter().map(|layer| layer.count).sum();
            layers.push(Layer::new(data, layers.len(), before)?);
        }
        Some(Self { layers })
    }

    /// What it says of a commit.
    pub(super) fn links(&self, id: ObjectId) -> Option<Links> {
        let (layer, at) = self.layers.iter().find_map(|layer| Some((layer, layer.find(id.0.as_bytes())?)))?;
        let row = layer.data.get(layer.commits + at * 36..)?.get(..36)?;
        let tree = Oid::from_bytes(&row[..20]).ok()?;
        let mut parents = Vec::with_capacity(1);
        let (first, second) = (number(row, 20)?, number(row, 24)?);
        if first != NO_PARENT {
            parents.push(self.id(first)?);
        }
        if second & MORE != 0 {
            let mut edge = usize::try_from(second & !MORE).ok()?;
            loop {
                let parent = number(&layer.data, layer.edges?.checked_add(edge.checked_mul(4)?)?)?;
                parents.push(self.id(parent & !MORE)?);
                if parent & MORE != 0 {
                    break;
                }
                edge += 1;
            }
        } else if second != NO_PARENT {
            parents.push(self.id(second)?);
        }
        let committed = i64::from(number(row, 28)? & 3) << 32 | i64::from(number(row, 32)?);
        Some(Links { tree, parents, committed })
    }

    fn id(&self, position: u32) -> Option<ObjectId> {
        let position = usize::try_from(position).ok()?;
        let layer = self.layers.iter().find(|layer| position < layer.before + layer.count)?;
        Oid::from_bytes(layer.id(position - layer.before)?).ok().map(ObjectId)
    }
}

impl Layer {
    /// Looks through the table of contents of a file that has `below` others below it.
    fn new(data: Vec<u8>, below: usize, before: usize) -> Option<Self> {
        // Version 1, SHA-1.
        let [version, hash, chunks, bases] = *data.strip_prefix(b"CGPH")?.first_chunk()?;
        if (version, hash, usize::from(bases)) != (1, 1, below) {
            return None;
        }
        let (mut fanout, mut ids, mut commits, mut edges) = (None, None, None, None);
        for chunk in 0..usize::from(chunks) {
            let entry = data.get(8 + chunk * 12..)?.first_chunk::<12>()?;
            let offset = u64::from(number(entry, 4)?) << 32 | u64::from(number(entry, 8)?);
            let place = match &entry[..4] {
                b"OIDF" => &mut fanout,
                b"OIDL" => &mut ids,
                b"CDAT" => &mut commits,
                b"EDGE" => &mut edges,
                _ => continue,
            };
            *place = Some(usize::try_from(offset).ok()?);
        }
        let (fanout, ids, commits) = (fanout?, ids?, commits?);
        let count = usize::try_from(number(&data, fanout.checked_add(255 * 4)?)?).ok()?;
        data.get(ids..ids.checked_add(count.checked_mul(20)?)?)?;
        data.get(commits..commits.checked_add(count.checked_mul(36)?)?)?;
        Some(Self { data, fanout, ids, commits, edges, count, before })
    }

    fn id(&self, at: usize) -> Option<&[u8]> {
        self.data.get(self.ids + at * 20..)?.get(..20)
    }

    fn find(&self, id: &[u8]) -> Option<usize> {
        let first = usize::from(*id.first()?);
        let bound = |at: usize| usize::try_from(number(&self.data, self.fanout + at * 4)?).ok();
        let mut low = if first == 0 { 0 } else { bound(first - 1)? };
        let mut high = bound(first)?.min(self.count);
        while low < high {
            let middle = low.midpoint(high);
            match self.id(middle)?.cmp(id) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

fn number(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}
