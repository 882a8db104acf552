//! Measures masking on a pipe: 50 values of 30 bytes in all their forms. `cargo bench --bench redact`.

#![allow(missing_docs, reason = "criterion_group! makes an undocumented function")]

use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use envseal::testing::check::rules::spellings;
use envseal::testing::exec::{Forms, Masker};

/// How much a pipe delivers in one read.
const CHUNK: usize = 64 * 1024;

fn value(number: u64) -> String {
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut value = String::new();
    while value.len() < 29 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        value.push(char::from(b'0' + u8::try_from(state % 75).expect("less than 75")));
    }
    value.push('"');
    value
}

fn forms() -> Forms {
    Forms::new((0..50).map(|at| (format!("NAME_{at}"), spellings(value(at).as_bytes()))).collect())
}

/// A log. If `values` is true, every tenth line contains a value.
fn log(values: bool) -> Vec<u8> {
    let mut text = String::new();
    for number in 0..200_000_u64 {
        let said = if values && number % 10 == 0 { value(number % 50) } else { String::new() };
        writeln!(text, "2026-11-22T20:00:11Z INFO request id={number} path=/api/v1/users status=200 {said}")
            .expect("writing to a String never fails");
    }
    text.into_bytes()
}

fn redact(criterion: &mut Criterion) {
    criterion.bench_function("redact/build", |bench| bench.iter(|| black_box(forms())));
    let forms = Arc::new(forms());
    let mut group = criterion.benchmark_group("redact");
    for (name, text) in [("log", log(false)), ("log with values", log(true))] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bench| {
            let mut out = Vec::with_capacity(CHUNK);
            bench.iter(|| {
                let mut masker = Masker::new(Arc::clone(&forms), CHUNK);
                for chunk in text.chunks(CHUNK) {
                    out.clear();
                    masker.push(chunk, &mut out);
                    black_box(&out);
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, redact);
criterion_main!(benches);
