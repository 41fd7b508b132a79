//! What a program costs as a whole, and on which machine that was found.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// One run of a program.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// Seconds on the clock.
    pub wall: f64,
    /// Seconds of processor, of program and system.
    pub cpu: f64,
    /// Largest resident memory, in MiB.
    pub peak_mb: f64,
}

/// Starts a program, waits for its end and gives what it cost, with its exit status.
///
/// # Errors
/// When it cannot be started or waited for.
#[cfg(unix)]
pub fn measure(command: &mut Command) -> Result<(Run, i32), String> {
    let start = Instant::now();
    let child = command.spawn().map_err(|e| e.to_string())?;
    let pid = libc::pid_t::try_from(child.id()).map_err(|e| e.to_string())?;
    let mut status = 0;
    // SAFETY: all bytes zero is a value of this plain structure of numbers.
    #[allow(unsafe_code)]
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the two pointers are to values that live across the call, and nobody else waits for this child.
    #[allow(unsafe_code)]
    let waited = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
    let wall = start.elapsed();
    if waited != pid {
        return Err(std::io::Error::last_os_error().to_string());
    }
    let seconds = |t: libc::timeval| Duration::new(t.tv_sec.unsigned_abs(), 0).as_secs_f64() + t.tv_usec as f64 / 1e6;
    // Linux counts in units of 1024 bytes, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1.0 } else { 1024.0 };
    let run = Run {
        wall: wall.as_secs_f64(),
        cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        peak_mb: usage.ru_maxrss as f64 * unit / f64::from(1 << 20),
    };
    Ok((run, if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -1 }))
}

/// Starts a program, waits for its end and gives what it cost.
///
/// # Errors
/// On systems that do not tell what a program cost.
#[cfg(not(unix))]
pub fn measure(_command: &mut Command) -> Result<(Run, i32), String> {
    Err("the benchmark measures on Unix systems only".to_owned())
}

/// The middle of some values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// The machine and the commit, for a page of results.
pub fn machine() -> String {
    let ask = |program: &str, words: &[&str]| {
        let output = Command::new(program).args(words).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|l| Some(l.strip_prefix("model name")?.split_once(": ")?.1.to_owned()));
    let model = model.or_else(|| ask("sysctl", &["-n", "machdep.cpu.brand_string"])).unwrap_or_else(|| "unknown processor".to_owned());
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.lines().find_map(|l| l.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse::<f64>().ok());
    let memory = memory.map_or_else(|| "memory unknown".to_owned(), |kb| format!("{:.0} GB memory", kb / 1e6));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("unknown").to_owned();
    let commit = ask("git", &["rev-parse", "--short=12", "HEAD"]).unwrap_or_default();
    let changed = ask("git", &["status", "--porcelain", "--untracked-files=no"]).is_some_and(|s| !s.is_empty());
    let commit = if changed { format!("{commit} with changes") } else { commit };
    format!("{model}, {cores} cores, {memory}, load {load} at the end; commit {commit}")
}

/// The date in Greenwich, as `2026-11-21`.
pub fn today() -> String {
    let days = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs() / 86_400);
    let (mut year, mut rest) = (1970, days);
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while rest >= 365 + u64::from(leap(year)) {
        rest -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if rest < length {
            break;
        }
        rest -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", rest + 1)
}

/// A word for the machine, for the file's name: system, processor family and cores.
pub fn host_kind() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{}-{}-{cores}-cores", std::env::consts::OS, std::env::consts::ARCH)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn medians_of_odd_even_and_no_values() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]).to_bits(), 2.0f64.to_bits());
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]).to_bits(), 2.5f64.to_bits());
        assert_eq!(median(Vec::new()).to_bits(), 0.0f64.to_bits());
    }

    #[test]
    fn a_program_is_measured_and_its_status_told() {
        let (run, status) = measure(Command::new("sh").args(["-c", "exit 3"])).unwrap();
        assert_eq!(status, 3);
        assert!(run.wall > 0.0 && run.peak_mb > 0.0);
    }
}
