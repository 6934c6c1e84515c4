//! `postern account create NAME | list`.

use super::Common;
use crate::control::{self, AccountWord, Request};
use crate::say::Trouble;
use postern_names::AccountId;
use serde_json::Value;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Account {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Make an account; it joins the organization of the region's own account, if there is one
    Create {
        name: String,
        /// Its number, twelve digits [default: drawn]
        #[arg(long)]
        id: Option<AccountId>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Name every account
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Account {
    pub fn run(self) -> Result<ExitCode, Trouble> {
        match self.what {
            What::Create { name, id, json } => {
                let made = ask(&self.common, AccountWord::Create { name, id })?;
                if json {
                    println!("{made}");
                } else {
                    println!("{}", text(&made, "id"));
                    eprintln!("be its administrator: eval \"$(postern env --account {})\"", text(&made, "id"));
                }
            }
            What::List { json } => {
                let answer = ask(&self.common, AccountWord::List)?;
                let accounts = answer.get("accounts").cloned().unwrap_or_default();
                if json {
                    println!("{accounts}");
                } else {
                    accounts.as_array().into_iter().flatten().for_each(print);
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn ask(common: &Common, word: AccountWord) -> Result<Value, Trouble> {
    control::ask(&common.data_dir(), &Request::Account(word))
}

fn print(account: &Value) {
    let state = match (account.get("closed"), account.get("management")) {
        (Some(Value::Bool(true)), _) => "closed",
        (_, Some(Value::Bool(true))) => "management",
        _ => "",
    };
    let line = format!("{}  {:<24} {:<44} {state}", text(account, "id"), text(account, "name"), text(account, "path"));
    println!("{}", line.trim_end());
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}
