//! PDFs per second of processor time, beside `reportlab` with the same font and the same page:
//! `cargo run --release -p notice --example speed`.

use notice::{pdf, samples};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// The allocator of the programs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LONG: Duration = Duration::from_secs(5);

/// Time that this process had a processor: neighbours on a busy machine do not count.
fn spent() -> Result<Duration, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string("/proc/self/schedstat")?;
    Ok(Duration::from_nanos(text.split_whitespace().next().ok_or("an empty schedstat")?.parse()?))
}

#[expect(clippy::print_stdout, reason = "its figures are its purpose")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let notice = samples::fortnight();
    let size = pdf(&notice)?.len();
    let (begin, before) = (Instant::now(), spent()?);
    let mut made = 0_u64;
    while begin.elapsed() < LONG {
        std::hint::black_box(pdf(std::hint::black_box(&notice))?);
        made = made.saturating_add(1);
    }
    let ours = rate(made, spent()?.saturating_sub(before));
    println!("ours      {ours}/s, {size} bytes");
    let python = here.ancestors().map(|folder| folder.join(".venv/bin/python")).find(|it| it.exists());
    let python =
        python.ok_or("no .venv: run `cargo xtask test`, which makes it from tests/requirements.txt")?;
    let output = Command::new(python)
        .arg(here.join("examples/reportlab_speed.py"))
        .arg(here.join("../../web/fonts/BIZUDPGothic-Regular.ttf"))
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut words = text.split_whitespace().map(str::parse::<u64>);
    let (Some(Ok(made)), Some(Ok(micros)), Some(Ok(size))) = (words.next(), words.next(), words.next())
    else {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    };
    let peer = rate(made, Duration::from_micros(micros)).max(1);
    println!("reportlab {peer}/s, {size} bytes");
    let tenths = ours.saturating_mul(10).checked_div(peer).unwrap_or(0);
    println!("ratio     {}.{}, promised 2, aimed at 10", tenths / 10, tenths % 10);
    Ok(())
}

fn rate(made: u64, spent: Duration) -> u64 {
    let millis = u64::try_from(spent.as_millis()).unwrap_or(u64::MAX);
    made.saturating_mul(1_000).checked_div(millis).unwrap_or(0)
}
