//! Runs a lab.

use super::file::{Lab, Step};
use crate::say::{Colour, paint};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What became of one step.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Outcome {
    pub why: String,
    pub command: String,
    pub on: Option<String>,
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub seconds: f64,
    /// Why it did not go as the lab says; absent if it did.
    pub wrong: Option<String>,
}

/// How and where to run.
pub struct Setting {
    /// For commands on the host: the region's variables.
    pub environment: Vec<(String, String)>,
    /// This binary and its data directory, for `exec`.
    pub postern: PathBuf,
    pub data_dir: PathBuf,
    pub keep: bool,
    pub narrate: bool,
}

/// Runs the steps until one goes wrong, then the cleanup. Every outcome, in order; the last one that is wrong says why.
pub fn run(lab: &Lab, setting: &Setting) -> Vec<Outcome> {
    let mut values = BTreeMap::new();
    let mut outcomes = Vec::new();
    for (number, step) in lab.steps.iter().enumerate() {
        narrate(setting, &format!("\n{} {}", paint(&format!("{}.", number + 1), Colour::Blue), step.why));
        let outcome = attempt(step, setting, &mut values);
        let wrong = outcome.wrong.is_some();
        outcomes.push(outcome);
        if wrong {
            break;
        }
    }
    if !setting.keep {
        narrate(setting, &format!("\n{}", paint("cleaning up", Colour::Faint)));
        outcomes.extend(lab.cleanup.iter().filter_map(|step| clean(step, setting, &mut values)));
    }
    outcomes
}

fn clean(step: &Step, setting: &Setting, values: &mut BTreeMap<String, String>) -> Option<Outcome> {
    let texts = [Some(&step.run), step.on.as_ref(), step.stdin.as_ref()];
    let known = texts.into_iter().flatten().all(|text| fill(text, values).is_ok());
    known.then(|| attempt(step, setting, values))
}

/// Runs a step, again and again if it says so, until it holds or its time is over.
fn attempt(step: &Step, setting: &Setting, values: &mut BTreeMap<String, String>) -> Outcome {
    let deadline = Instant::now() + Duration::from_secs(step.within.unwrap_or(60));
    let mut shown = false;
    loop {
        let outcome = once(step, setting, values, deadline, &mut shown);
        if outcome.wrong.is_none() || !step.retry || Instant::now() >= deadline {
            if let (None, Some(name)) = (&outcome.wrong, &step.save) {
                values.insert(name.clone(), outcome.stdout.trim().to_owned());
            }
            let shown =
                if step.secret { Outcome { stdout: "(a secret, not shown)".to_owned(), ..outcome } } else { outcome };
            tell(setting, &shown);
            return shown;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn once(
    step: &Step,
    setting: &Setting,
    values: &BTreeMap<String, String>,
    deadline: Instant,
    shown: &mut bool,
) -> Outcome {
    let mut outcome = Outcome {
        why: step.why.clone(),
        command: step.run.clone(),
        on: None,
        status: None,
        stdout: String::new(),
        stderr: String::new(),
        seconds: 0.0,
        wrong: None,
    };
    let filled = (|| {
        let on = step.on.as_ref().map(|on| fill(on, values)).transpose()?;
        let stdin = step.stdin.as_ref().map(|text| fill(text, values)).transpose()?;
        Ok::<_, String>((fill(&step.run, values)?, on, stdin))
    })();
    let (command, on, stdin) = match filled {
        Ok(filled) => filled,
        Err(name) => return Outcome { wrong: Some(format!("no earlier step saved `{name}`")), ..outcome },
    };
    outcome.command.clone_from(&command);
    outcome.on.clone_from(&on);
    if !*shown {
        let place = on.as_deref().unwrap_or("host");
        narrate(setting, &format!("   {} {command}", paint(&format!("[{place}] $"), Colour::Faint)));
        *shown = true;
    }
    let began = Instant::now();
    match carry_out(&command, on.as_deref(), step.user.as_deref(), stdin.as_deref(), setting, deadline) {
        Ok((status, stdout, stderr)) => {
            outcome.status = status;
            outcome.stdout = stdout;
            outcome.stderr = stderr;
            outcome.wrong = judge(step, values, &outcome);
        }
        Err(error) => outcome.wrong = Some(error),
    }
    outcome.seconds = began.elapsed().as_secs_f64();
    outcome
}

/// Compares what happened with what the step says.
fn judge(step: &Step, values: &BTreeMap<String, String>, outcome: &Outcome) -> Option<String> {
    let Some(status) = outcome.status else {
        return Some(format!("it was not over within {} s", step.within.unwrap_or(60)));
    };
    let wanted = |text: &String| fill(text, values).unwrap_or_else(|_| text.clone());
    match (&step.fails, &step.expect) {
        (Some(_), _) if status == 0 => Some("it succeeded, and should have been refused".to_owned()),
        (Some(words), _) => {
            let words = wanted(words);
            let said = outcome.stdout.contains(&words) || outcome.stderr.contains(&words);
            (!said).then(|| format!("it failed, but did not say `{words}`"))
        }
        (None, _) if status != 0 => Some(format!("it failed with exit status {status}")),
        (None, Some(words)) => {
            let words = wanted(words);
            (!outcome.stdout.contains(&words)).then(|| format!("its output lacks `{words}`"))
        }
        (None, None) => None,
    }
}

type Ended = (Option<i32>, String, String);

fn carry_out(
    command: &str,
    on: Option<&str>,
    user: Option<&str>,
    stdin: Option<&str>,
    setting: &Setting,
    deadline: Instant,
) -> Result<Ended, String> {
    let mut process = match on {
        None => {
            let mut shell = Command::new("sh");
            shell.args(["-c", command]);
            shell
        }
        Some(instance) => {
            let mut exec = Command::new(&setting.postern);
            exec.arg("exec").arg("--data-dir").arg(&setting.data_dir);
            exec.args(["--user", user.unwrap_or("ec2-user"), instance, "--", "/bin/bash", "-lc", command]);
            exec
        }
    };
    process.envs(setting.environment.iter().cloned()).env_remove("AWS_SESSION_TOKEN").env_remove("AWS_PROFILE");
    process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = process.spawn().map_err(|e| format!("it could not be started: {e}"))?;
    let mut input = child.stdin.take();
    let text = stdin.unwrap_or_default().to_owned();
    let feed = std::thread::spawn(move || {
        if let Some(pipe) = input.as_mut() {
            // A command that does not read its input closes the pipe: that is its affair.
            let _ = pipe.write_all(text.as_bytes());
        }
    });
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let status = wait(&mut child, deadline);
    let _ = feed.join();
    Ok((status, stdout.join().unwrap_or_default(), stderr.join().unwrap_or_default()))
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe
            && let Err(error) = pipe.read_to_end(&mut bytes)
        {
            bytes.extend(format!("(its output broke off: {error})").bytes());
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The exit status, or `None` if it had to be killed at the deadline.
fn wait(child: &mut Child, deadline: Instant) -> Option<i32> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.code().unwrap_or(128)),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

/// Puts the saved values into a text. The error is the name that nobody saved.
fn fill(text: &str, values: &BTreeMap<String, String>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        filled.push_str(before);
        filled.push_str(values.get(name).ok_or_else(|| name.to_owned())?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn narrate(setting: &Setting, line: &str) {
    if setting.narrate {
        eprintln!("{line}");
    }
}

/// Shows what a command said, shortened, and whether that was right.
fn tell(setting: &Setting, outcome: &Outcome) {
    for line in outcome.stdout.lines().chain(outcome.stderr.lines()).filter(|l| !l.trim().is_empty()).take(12) {
        narrate(setting, &format!("   {line}"));
    }
    let (mark, colour) = match &outcome.wrong {
        None if outcome.status == Some(0) => ("ok".to_owned(), Colour::Green),
        None => ("ok: refused, as it should be".to_owned(), Colour::Green),
        Some(wrong) => (format!("WRONG: {wrong}"), Colour::Red),
    };
    narrate(setting, &format!("   {} ({:.1} s)", paint(&mark, colour), outcome.seconds));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_values_are_put_in() {
        let values = BTreeMap::from([("vpc".to_owned(), "vpc-1".to_owned())]);
        assert_eq!(fill("x ${vpc} y $HOME", &values), Ok("x vpc-1 y $HOME".to_owned()));
        assert_eq!(fill("${nobody}", &values), Err("nobody".to_owned()));
    }

    fn step(fails: Option<&str>, expect: Option<&str>) -> Step {
        let fails = fails.map_or(String::new(), |f| format!("fails = '{f}'"));
        let expect = expect.map_or(String::new(), |e| format!("expect = '{e}'"));
        toml::from_str(&format!("why = 'w'\nrun = 'r'\n{fails}\n{expect}")).unwrap()
    }

    fn ended(status: Option<i32>, stdout: &str) -> Outcome {
        Outcome {
            why: String::new(),
            command: String::new(),
            on: None,
            status,
            stdout: stdout.to_owned(),
            stderr: String::new(),
            seconds: 0.0,
            wrong: None,
        }
    }

    #[test]
    fn a_step_is_wrong_unless_it_went_as_it_says() {
        let none = BTreeMap::new();
        let wrong = |step: &Step, outcome: &Outcome| judge(step, &none, outcome).is_some();
        assert!(!wrong(&step(None, Some("bucket")), &ended(Some(0), "my bucket")));
        assert!(wrong(&step(None, Some("bucket")), &ended(Some(0), "nothing")));
        assert!(wrong(&step(None, None), &ended(Some(1), "")));
        assert!(wrong(&step(None, None), &ended(None, "")));
        assert!(!wrong(&step(Some("timeout"), None), &ended(Some(1), "a timeout")));
        assert!(wrong(&step(Some("timeout"), None), &ended(Some(1), "denied")));
        assert!(wrong(&step(Some("timeout"), None), &ended(Some(0), "timeout")));
    }
}
