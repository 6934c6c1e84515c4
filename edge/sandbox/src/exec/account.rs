//! A user of the instance, as its own passwd and group files have it.

use std::fs;

use crate::error::SandboxError;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub home: String,
    shell: String,
    groups: Vec<u32>,
}

impl Account {
    /// By name or number, in the root directory of the calling process.
    pub(super) fn find(wanted: &str) -> Result<Self, SandboxError> {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let group = fs::read_to_string("/etc/group").unwrap_or_default();
        Self::parse(wanted, &passwd, &group)
            .ok_or_else(|| SandboxError::plain("find the user in the instance", format!("no user `{wanted}`")))
    }

    fn parse(wanted: &str, passwd: &str, group: &str) -> Option<Self> {
        let fields = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let entry = fields.filter(|f| f.len() >= 7).find(|f| f.first() == Some(&wanted) || f.get(2) == Some(&wanted));
        let Some(entry) = entry else {
            // Whatever an instance did to its files, root can enter it.
            let rescue = wanted == "root" || wanted == "0";
            return rescue.then(|| Self::new("root", 0, 0, "/root", "/bin/sh", Vec::new()));
        };
        let at = |place: usize| entry.get(place).copied().unwrap_or("");
        let (name, gid) = (at(0), at(3).parse().ok()?);
        let member = |line: &str| {
            let mut fields = line.split(':').skip(2);
            let id: u32 = fields.next()?.parse().ok()?;
            fields.next()?.split(',').any(|m| m == name).then_some(id)
        };
        let groups = std::iter::once(gid).chain(group.lines().filter_map(member)).collect();
        Some(Self::new(name, at(2).parse().ok()?, gid, at(5), at(6), groups))
    }

    fn new(name: &str, uid: u32, gid: u32, home: &str, shell: &str, groups: Vec<u32>) -> Self {
        Self { name: name.to_owned(), uid, gid, home: home.to_owned(), shell: shell.to_owned(), groups }
    }

    /// What a login sets.
    pub(super) fn environment(&self) -> [(&'static str, &str); 4] {
        [("HOME", &self.home), ("USER", &self.name), ("LOGNAME", &self.name), ("SHELL", &self.shell)]
    }

    /// None for root: the helper has root's groups already, and a namespace of one id refuses to set any.
    pub(super) fn groups(&self) -> Option<&[u32]> {
        (self.uid != 0).then_some(self.groups.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nec2-user:x:1000:1000:EC2:/home/ec2-user:/bin/sh\n";
    const GROUP: &str = "root:x:0:\nwheel:x:10:ec2-user,alice\ntty:x:5:alice\nec2-user:x:1000:\n";

    #[test]
    fn by_name_and_by_number_with_groups() {
        let user = Account::parse("ec2-user", PASSWD, GROUP).unwrap();
        assert_eq!((user.uid, user.gid, user.home.as_str()), (1000, 1000, "/home/ec2-user"));
        assert_eq!(user.groups(), Some(&[1000, 10][..]));
        assert_eq!(Account::parse("1000", PASSWD, GROUP), Some(user));
        assert_eq!(Account::parse("mallory", PASSWD, GROUP), None);
    }

    #[test]
    fn root_can_always_enter() {
        assert_eq!(Account::parse("root", "garbage", "").unwrap().uid, 0);
    }
}
