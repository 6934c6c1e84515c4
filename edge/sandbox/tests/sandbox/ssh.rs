//! SSH with a key pair, by the host's own sshd and client.

use postern_sandbox::Exit;

use crate::bench::{Bench, out, run};

pub fn ssh_lets_the_key_in() {
    for program in ["/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/ssh-keygen"] {
        assert!(std::path::Path::new(program).exists(), "this test needs {program}: apt-get install openssh-server");
    }
    let bench = Bench::new();
    let keys = bench.directory.path().join("key");
    let made =
        std::process::Command::new("ssh-keygen").args(["-q", "-N", "", "-t", "ed25519", "-f"]).arg(&keys).status();
    assert!(made.expect("ssh-keygen").success());
    let (private, public) = (std::fs::read_to_string(&keys), std::fs::read_to_string(keys.with_extension("pub")));
    let mut spec = bench.spec(1);
    spec.authorized_key = Some(public.expect("public key"));
    let instance = bench.boot(spec);
    out(&instance, &format!("umask 077; cat > /tmp/key <<'E'\n{}E\n", private.expect("private key")));
    let ssh = |options: &str, user: &str, command: &str| {
        let line = format!(
            "ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
             -o ConnectTimeout=10 {options} {user}@127.0.0.1 '{command}'"
        );
        run(&instance, &["bash", "-c", &line])
    };
    for (user, id) in [("ec2-user", "1000"), ("root", "0")] {
        let said = ssh("-i /tmp/key", user, "id -u; echo $SSL_CERT_FILE; exit 5");
        assert_eq!(
            (said.out.as_str(), said.exit),
            (format!("{id}\n/etc/ssl/certs/ca-certificates.crt\n").as_str(), Exit::Code(5)),
            "{}",
            said.err
        );
    }
    let refused = ssh("-o IdentitiesOnly=yes", "ec2-user", "id");
    assert_eq!(refused.exit, Exit::Code(255), "{refused:?}");
    assert!(refused.err.contains("Permission denied"), "{refused:?}");
    let host_key = std::fs::read_to_string("/etc/ssh/ssh_host_ed25519_key.pub").unwrap_or_default();
    assert_ne!(out(&instance, "cat /etc/ssh/ssh_host_ed25519_key.pub"), host_key.trim_end());
}
