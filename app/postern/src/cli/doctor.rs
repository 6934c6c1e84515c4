//! `postern doctor`: what this machine lacks, and how to get it.

use super::Common;
use crate::say::{Colour, Trouble, paint};
use serde_json::json;
use std::process::{Command, ExitCode};

#[derive(clap::Args)]
pub struct Doctor {
    #[command(flatten)]
    common: Common,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

struct Finding {
    name: String,
    ok: bool,
    essential: bool,
    found: String,
    remedy: String,
}

impl Doctor {
    pub fn run(self) -> Result<ExitCode, Trouble> {
        if postern_sandbox::rootless_needed() {
            let failed = postern_sandbox::enter_rootless(&[]);
            let error = failed.map_or_else(|e| e.to_string(), |never| match never {});
            return Err(Trouble::new(format!("an ordinary user cannot make namespaces here: {error}"))
                .hint("allow it (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0), or run postern as root"));
        }
        let findings = look(&self.common)?;
        let lacking = findings.iter().filter(|f| f.essential && !f.ok).count();
        if self.json {
            let all: Vec<_> = findings
                .iter()
                .map(|f| json!({ "name": f.name, "ok": f.ok, "essential": f.essential, "found": f.found, "remedy": f.remedy }))
                .collect();
            println!("{}", json!({ "findings": all, "lacking": lacking }));
        } else {
            findings.iter().for_each(print);
        }
        match lacking {
            0 => {
                eprintln!("this machine has what Postern needs");
                Ok(ExitCode::SUCCESS)
            }
            n => Err(Trouble::new(format!("{n} essential things are missing"))),
        }
    }
}

fn print(finding: &Finding) {
    let (mark, colour) = match (finding.ok, finding.essential) {
        (true, _) => ("ok     ", Colour::Green),
        (false, true) => ("MISSING", Colour::Red),
        (false, false) => ("lacks  ", Colour::Yellow),
    };
    println!("{} {:<44} {}", paint(mark, colour), finding.name, finding.found);
    if !finding.ok {
        println!("        {}", finding.remedy);
    }
}

fn look(common: &Common) -> Result<Vec<Finding>, Trouble> {
    let kernel = postern_linux::probe().into_iter().map(|probe| Finding {
        name: probe.name.to_owned(),
        ok: probe.ok,
        essential: probe.essential,
        found: probe.found,
        remedy: probe.remedy,
    });
    let mut findings: Vec<Finding> = kernel.collect();
    let sandbox = postern_sandbox::probe(None).map_err(Trouble::at("try the sandbox's needs"))?;
    findings.extend(sandbox.into_iter().map(|probe| Finding {
        name: probe.feature,
        ok: probe.problem.is_none(),
        essential: probe.required,
        found: probe.problem.unwrap_or_default(),
        remedy: probe.remedy,
    }));
    findings.push(program("ssh-keygen", "-?", "openssh-client"));
    findings.push(program("sshd", "-?", "openssh-server"));
    findings.push(program("aws", "--version", "awscli"));
    findings.push(data_dir(common));
    Ok(findings)
}

/// A program that Postern can do without, but a user might miss.
fn program(name: &str, flag: &str, package: &str) -> Finding {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let output = Command::new(name).arg(flag).env("PATH", path).output();
    let found = match &output {
        Ok(output) => String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or("present").to_owned(),
        Err(error) => error.to_string(),
    };
    Finding {
        name: format!("the program {name}"),
        ok: output.is_ok(),
        essential: false,
        found,
        remedy: format!("install it: apt-get install {package}"),
    }
}

fn data_dir(common: &Common) -> Finding {
    let dir = common.data_dir();
    let made = dir.make().and_then(|()| tempfile::tempfile_in(dir.path()).map(drop));
    Finding {
        name: "the data directory can be written".to_owned(),
        ok: made.is_ok(),
        essential: true,
        found: made.map_or_else(|e| e.to_string(), |()| dir.path().display().to_string()),
        remedy: "choose another with --data-dir DIR".to_owned(),
    }
}
