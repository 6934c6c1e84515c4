//! `--upstream SERVICE=URL` and `[[upstream]]`: which other server stands behind which service.

use crate::config::Upstream;
use crate::say::Trouble;
use postern_upstream::{Address, Target, Trust, Unfit};

/// Those of the command line and those of the configuration; of two for one service the command line's.
pub fn targets(words: &[String], configured: &[Upstream]) -> Result<Vec<Target>, Trouble> {
    let mut targets: Vec<Target> = Vec::new();
    for word in words {
        let (service, url) = word.split_once('=').ok_or_else(|| {
            Trouble::new(format!("--upstream {word}: it is SERVICE=URL")).hint("such as states=http://127.0.0.1:5000")
        })?;
        let (service, url) = (service.to_owned(), url.to_owned());
        let given = Upstream { service, url, access_key: None, secret_key: None, ca_file: None, remote: false };
        // The configuration may hold the keys for it, and whom to trust.
        let kept = configured.iter().find(|one| one.service == given.service);
        let given = kept.map_or_else(
            || given.clone(),
            |kept| Upstream { service: given.service.clone(), url: given.url.clone(), remote: false, ..kept.clone() },
        );
        add(&mut targets, &given)?;
    }
    let named: Vec<String> = targets.iter().map(|target| target.service.clone()).collect();
    for upstream in configured.iter().filter(|upstream| !named.contains(&upstream.service)) {
        add(&mut targets, upstream)?;
    }
    Ok(targets)
}

fn add(targets: &mut Vec<Target>, given: &Upstream) -> Result<(), Trouble> {
    let Upstream { service, url, access_key, secret_key, ca_file, remote } = given;
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if !service.split('.').all(is_label) {
        let trouble = Trouble::new(format!("upstream `{service}`: that is no service's name"));
        return Err(trouble.hint("the last part of an endpoint service's name: states, ecr.api"));
    }
    if targets.iter().any(|known| known.service == *service) {
        return Err(Trouble::new(format!("upstream `{service}` is given twice")));
    }
    let address = Address::read(url, *remote).map_err(|unfit| match unfit {
        Unfit::Form => Trouble::new(format!(
            "upstream {service}: `{url}` is not of the form http://HOST:PORT or https://HOST:PORT"
        )),
        Unfit::Elsewhere => Trouble::new(format!("upstream {service}: {url} is not on this machine"))
            .hint("an [[upstream]] of the --config file may say `remote = true`, if requests shall leave the machine"),
    })?;
    let or_test = |key: &Option<String>| key.clone().unwrap_or_else(|| "test".to_owned());
    let (access_key, secret_key) = (or_test(access_key), or_test(secret_key));
    let trust = ca_file.clone().map_or(Trust::Machine, Trust::File);
    targets.push(Target { service: service.clone(), address, trust, access_key, secret_key });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(service: &str, url: &str, remote: bool) -> Upstream {
        let (service, url) = (service.to_owned(), url.to_owned());
        Upstream { service, url, access_key: Some("AK".into()), secret_key: None, ca_file: None, remote }
    }

    #[test]
    fn the_command_line_comes_before_the_configuration() {
        let words = ["states=http://127.0.0.1:1".to_owned()];
        let file =
            [configured("states", "http://127.0.0.1:2", false), configured("ecr.api", "http://10.0.0.1:3", true)];
        let targets = targets(&words, &file).unwrap();
        let shown: Vec<_> =
            targets.iter().map(|t| (t.service.as_str(), t.address.url(), t.access_key.as_str())).collect();
        assert_eq!(shown[0], ("states", "http://127.0.0.1:1".to_owned(), "AK"));
        assert_eq!(shown[1], ("ecr.api", "http://10.0.0.1:3".to_owned(), "AK"));
        assert_eq!(targets[0].secret_key, "test");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for word in [
            "states",
            "=http://127.0.0.1:1",
            "States=http://127.0.0.1:1",
            "a..b=http://127.0.0.1:1",
            "states=127.0.0.1:1",
            "states=http://10.0.0.1:1",
        ] {
            assert!(targets(&[word.to_owned()], &[]).is_err(), "{word}");
        }
        let twice = ["states=http://127.0.0.1:1".to_owned(), "states=http://127.0.0.1:2".to_owned()];
        assert!(targets(&twice, &[]).is_err());
    }
}
