//! `postern env`: the variables that point clients at the region.

use super::Common;
use crate::control::{self, AccountWord, Request, Running};
use crate::say::Trouble;
use serde::{Deserialize, Serialize};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Env {
    #[command(flatten)]
    common: Common,
    /// The account whose administrator to be, by id or name [default: the region's own]
    #[arg(long, value_name = "ID|NAME")]
    account: Option<String>,
    /// Print JSON instead of shell commands
    #[arg(long)]
    json: bool,
}

/// The administrator's key, as kept in the data directory.
#[derive(Serialize, Deserialize)]
pub struct Administrator {
    pub access_key_id: String,
    pub secret_access_key: String,
}

/// Name and value of each variable, for the administrator of this account or of the region's own.
pub fn variables(common: &Common, account: Option<&str>) -> Result<Vec<(&'static str, String)>, Trouble> {
    let dir = common.data_dir();
    let Some(running) = Running::find(&dir)? else {
        return Err(Trouble::new(format!("nothing runs on {}", dir.path().display()))
            .hint("start a region first: postern up --detach"));
    };
    let key: Administrator = match account {
        Some(account) => {
            let word = AccountWord::Key { account: account.to_owned() };
            let answer = control::ask(&dir, &Request::Account(word))?;
            serde_json::from_value(answer).map_err(Trouble::at("read the daemon's answer"))?
        }
        None => {
            let file = dir.administrator();
            let text = std::fs::read(&file).map_err(Trouble::at(format!("read {}", file.display())))?;
            serde_json::from_slice(&text).map_err(Trouble::at(format!("{}", file.display())))?
        }
    };
    Ok(vec![
        ("AWS_ENDPOINT_URL", running.endpoint),
        ("AWS_ACCESS_KEY_ID", key.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", key.secret_access_key),
        ("AWS_REGION", running.region.clone()),
        ("AWS_DEFAULT_REGION", running.region),
        ("AWS_CA_BUNDLE", dir.authority().display().to_string()),
    ])
}

impl Env {
    pub fn run(self) -> Result<ExitCode, Trouble> {
        let variables = variables(&self.common, self.account.as_deref())?;
        if self.json {
            let map: serde_json::Map<_, _> =
                variables.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            println!("{}", serde_json::Value::Object(map));
        } else {
            for (name, value) in variables {
                println!("export {name}='{}'", value.replace('\'', r"'\''"));
            }
            // A session token left over from another shell would be sent along with these keys.
            println!("unset AWS_SESSION_TOKEN AWS_PROFILE");
        }
        Ok(ExitCode::SUCCESS)
    }
}
