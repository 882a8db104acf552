//! Measures what a value costs: parsing, decrypting, encrypting, expanding and editing. `cargo bench`.

#![allow(missing_docs, reason = "criterion_group! makes an undocumented function")]

use std::fmt::Write;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use envseal::testing::crypto::{Opener, PlaintextKind, PrivateKey, Refs, SealedValue, Sealer};
use envseal::testing::dotenv::{Document, Edit, ReferenceValue, expand};

fn name(number: usize) -> String {
    format!("SECRET_NAME_{number:04}")
}

/// Returns a document of about `len` bytes with all that a parser meets: comments, quotes, several lines, references.
fn document(len: usize) -> Vec<u8> {
    let mut text = String::with_capacity(len + 256);
    let mut number = 0;
    while text.len() < len {
        write!(
            text,
            "# comment {number}\nA_{number}=plain text {number}\nexport B_{number}='single {number}' # why\n\
             C_{number}=\"several\nlines {number}\"\n\nD_{number}=${{A_{number}:-nothing}}\n"
        )
        .expect("writing to a String never fails");
        number += 1;
    }
    text.into_bytes()
}

/// Returns a document with `count` values encrypted in one batch, and the private key that decrypts them.
fn sealed(count: usize) -> (Vec<u8>, PrivateKey) {
    let private = PrivateKey::generate();
    let mut sealer = Sealer::new(&private.public()).expect("a fresh key");
    let lines = (0..count).map(|number| {
        let value = format!("s3cr3t-value-{number:04}");
        let token = sealer
            .seal(&name(number), &Refs::none(), PlaintextKind::Value, value.as_bytes())
            .expect("it is short");
        format!("{}={token}\n", name(number))
    });
    (lines.collect::<String>().into_bytes(), private)
}

fn parse(c: &mut Criterion) {
    let text = document(10_000_000);
    let mut group = c.benchmark_group("parse");
    group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);
    group.bench_function("10 MB", |b| {
        b.iter_batched(
            || text.clone(),
            |text| Document::parse(text).expect("UTF-8"),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn open(c: &mut Criterion) {
    for count in [50, 1_000] {
        let (text, private) = sealed(count);
        c.bench_function(&format!("parse and open {count} values"), |b| {
            b.iter(|| {
                let document = Document::parse(text.clone()).expect("UTF-8");
                let mut opener = Opener::new(private.clone());
                for entry in document.entries() {
                    let token = SealedValue::parse(document.source(entry)).expect("a token");
                    black_box(opener.open(document.name(entry), &token).expect("the right key"));
                }
            });
        });
    }
}

fn seal(c: &mut Criterion) {
    let public = PrivateKey::generate().public();
    let names: Vec<_> = (0..1_000).map(name).collect();
    c.bench_function("seal 1000 values", |b| {
        b.iter(|| {
            let mut sealer = Sealer::new(&public).expect("a good key");
            for name in &names {
                black_box(
                    sealer
                        .seal(name, &Refs::none(), PlaintextKind::Value, b"s3cr3t-value-1234")
                        .expect("it is short"),
                );
            }
        });
    });
}

fn expansion(c: &mut Criterion) {
    let text = b"postgres://${DB_USER}:${DB_PASSWORD}@${DB_HOST:-localhost}:$DB_PORT/\\${name}";
    c.bench_function("expand a URL with four references", |b| {
        b.iter(|| {
            expand(black_box(text), &mut |name| match name {
                "DB_HOST" => ReferenceValue::Unset,
                _ => ReferenceValue::Value(b"some value"),
            })
        });
    });
}

fn edit(c: &mut Criterion) {
    let document = Document::parse(document(1_000_000)).expect("UTF-8");
    let entry = document.entries().len() / 2;
    c.bench_function("edit one entry of a 1 MB document", |b| {
        b.iter(|| {
            document.edited(&[Edit::Source { entry, source: b"another" }]).expect("nothing else changes")
        });
    });
}

criterion_group!(benches, parse, open, seal, expansion, edit);
criterion_main!(benches);
