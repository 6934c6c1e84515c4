//! `postern lab list | show NAME | run NAME`.

use super::{Common, env};
use crate::lab::{self, Lab as LabFile, Setting};
use crate::say::{Colour, Trouble, paint};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Lab {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Name every lab
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a lab's steps without running them
    Show { name: String },
    /// Run a lab against the region and check every step
    Run {
        name: String,
        /// Leave what the lab made
        #[arg(long)]
        keep: bool,
        /// Print the outcome of every step as JSON
        #[arg(long)]
        json: bool,
    },
}

impl Lab {
    pub fn run(self) -> Result<ExitCode, Trouble> {
        match self.what {
            What::List { json } => list(json),
            What::Show { name } => show(&find(&name)?),
            What::Run { name, keep, json } => run(&find(&name)?, keep, json, &self.common),
        }
    }
}

fn find(name: &str) -> Result<LabFile, Trouble> {
    let labs = lab::all();
    let names: Vec<String> = labs.iter().map(|lab| lab.name.clone()).collect();
    labs.into_iter()
        .find(|lab| lab.name == name)
        .ok_or_else(|| Trouble::new(format!("there is no lab `{name}`")).hint(format!("labs: {}", names.join(", "))))
}

fn list(json: bool) -> Result<ExitCode, Trouble> {
    for lab in lab::all() {
        if json {
            println!("{}", serde_json::json!({ "name": lab.name, "title": lab.title, "steps": lab.steps.len() }));
        } else {
            println!("{:<26} {}", lab.name, lab.title);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(lab: &LabFile) -> Result<ExitCode, Trouble> {
    println!("{}\n\n{}", lab.title, lab.about.trim());
    for (number, step) in lab.steps.iter().enumerate() {
        println!("\n{}. {}", number + 1, step.why);
        println!("   [{}] $ {}", step.on.as_deref().unwrap_or("host"), step.run);
        if let Some(words) = &step.fails {
            println!("   must fail with: {words}");
        } else if let Some(words) = &step.expect {
            println!("   must print: {words}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The first AWS CLIs that read AWS_ENDPOINT_URL. An older one would speak to the real AWS.
const CLI_SINCE: [(u32, u32); 2] = [(1, 29), (2, 13)];

fn check_cli() -> Result<(), Trouble> {
    let hint = "install a current one into a virtual environment: pip install awscli";
    let output = std::process::Command::new("aws").arg("--version").output();
    let output = output.map_err(|error| Trouble::new(format!("the labs need the AWS CLI: aws: {error}")).hint(hint))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    match version(&said) {
        Some((major, minor)) if CLI_SINCE.iter().any(|(m, least)| *m == major && minor >= *least) => Ok(()),
        _ => Err(Trouble::new(format!("this AWS CLI does not read AWS_ENDPOINT_URL: {}", said.trim())).hint(hint)),
    }
}

/// Major and minor of `aws-cli/2.13.1 Python/3.11 ...`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.strip_prefix("aws-cli/")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn run(lab: &LabFile, keep: bool, json: bool, common: &Common) -> Result<ExitCode, Trouble> {
    check_cli()?;
    let environment = env::variables(common, None)?.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let setting = Setting {
        environment,
        postern: std::env::current_exe().map_err(Trouble::at("find this program"))?,
        data_dir: common.data_dir().path().to_path_buf(),
        keep,
        narrate: true,
    };
    eprintln!("{}\n{}", paint(&lab.title, Colour::Blue), lab.about.trim());
    let outcomes = lab::run(lab, &setting);
    if json {
        println!("{}", serde_json::json!({ "lab": lab.name, "steps": outcomes }));
    }
    let wrong = outcomes.iter().filter(|outcome| outcome.wrong.is_some()).count();
    let seconds: f64 = outcomes.iter().map(|outcome| outcome.seconds).sum();
    if wrong == 0 {
        eprintln!(
            "\n{} {} steps in {seconds:.1} s",
            paint("the lab went as it should:", Colour::Green),
            outcomes.len()
        );
        Ok(ExitCode::SUCCESS)
    } else {
        Err(Trouble::new(format!("{wrong} of {} steps of the lab `{}` went wrong", outcomes.len(), lab.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions() {
        assert_eq!(version("aws-cli/2.9.19 Python/3.11.2 Linux"), Some((2, 9)));
        assert_eq!(version("aws-cli/1.46.2 Python/3.11.7"), Some((1, 46)));
        assert_eq!(version("aws: not found"), None);
    }
}
