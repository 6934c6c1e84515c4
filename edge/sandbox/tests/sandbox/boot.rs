//! Starting, the disk, ending.

use std::time::{Duration, Instant};

use postern_sandbox::{Exit, Running};

use crate::bench::{AUTHORITY, Bench, console, out, run, sh, until};

pub fn instances_with_limits_start_one_after_another_and_run_a_command_at_once() {
    let bench = Bench::new();
    for number in 1..12 {
        let mut spec = bench.spec(number);
        (spec.memory_max, spec.pids_max) = (Some(1 << 30), Some(512));
        let running = bench.boot(spec);
        assert_eq!(run(&running, &["true"]).exit, Exit::Code(0));
    }
}

pub fn name_and_resolver_are_the_instances_own() {
    let bench = Bench::new();
    let instance = bench.start(5);
    assert_eq!(out(&instance, "hostname; cat /etc/hostname"), "ip-10-0-1-5\nip-10-0-1-5");
    let resolver = out(&instance, "cat /etc/resolv.conf");
    assert!(resolver.starts_with("nameserver 10.0.0.2\nsearch ec2.internal\n"), "{resolver}");
    assert!(out(&instance, "cat /etc/hosts").contains("10.0.1.5 ip-10-0-1-5.ec2.internal ip-10-0-1-5"));
    assert_ne!(out(&instance, "readlink /proc/self/ns/net"), own_namespace("net"), "the host's network");
    assert!(out(&instance, "cat /sys/class/net/lo/operstate; ls /sys/class/net").ends_with("lo"));
    // Root of an instance rules its own network, as a router must.
    assert_eq!(out(&instance, "echo 1 > /proc/sys/net/ipv4/ip_forward; cat /proc/sys/net/ipv4/ip_forward"), "1");
    let namespace = instance.netns().expect("netns");
    let name =
        std::fs::read_link(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&namespace))).expect("link");
    assert_eq!(name.to_string_lossy(), out(&instance, "readlink /proc/self/ns/net"));
}

fn own_namespace(name: &str) -> String {
    std::fs::read_link(format!("/proc/self/ns/{name}")).expect("link").to_string_lossy().into_owned()
}

pub fn user_data_runs_once_and_the_disk_stays() {
    let bench = Bench::new();
    let mut spec = bench.spec(7);
    let script = "#!/bin/bash\nid -u\necho ran >> /root/ran\necho to the console > /dev/console\nexit 3\n";
    spec.user_data = Some(script.as_bytes().to_vec());
    let instance = bench.boot(spec.clone());
    until("user data finished", || console(&instance).contains("user data finished with status 3"));
    let said = console(&instance);
    let tail = Running::console_output(&bench.spec(7).instance_dir).expect("console");
    assert_eq!(String::from_utf8_lossy(&tail), said);
    assert!(said.contains("\n0\n") && said.contains("to the console"), "{said}");
    out(
        &instance,
        "touch /usr/share/kept /etc/kept /kept /home/ec2-user/kept; mkdir -p /var/lib/x; touch /var/lib/x/kept; touch /tmp/gone; rm /etc/debian_version /etc/issue 2>/dev/null; true",
    );
    assert_eq!(instance.shutdown(Duration::from_secs(2)).expect("shutdown"), Exit::Code(0));
    // first_boot stays true: a daemon killed in between asks again, and the instance knows better.
    let again = bench.boot(spec);
    out(&again, "ls /usr/share/kept /etc/kept /kept /home/ec2-user/kept /var/lib/x/kept");
    out(&again, "test ! -e /tmp/gone && test ! -e /etc/issue");
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(out(&again, "cat /root/ran"), "ran");
    let mut large = bench.spec(8);
    let script = format!("#!/bin/sh\necho large\n{}", "#".repeat(16_000));
    large.user_data = Some(script.into_bytes());
    let instance = bench.boot(large);
    until("large user data finished", || console(&instance).contains("large\npostern: user data finished"));
}

pub fn powering_off_is_polite_then_firm() {
    let bench = Bench::new();
    let polite = bench.start(1);
    let script =
        "trap 'echo bye > /dev/console; exit 0' TERM; echo waiting > /dev/console; while :; do sleep 0.05; done";
    let background = |instance: &Running, script: &str| {
        let null = || std::fs::File::open("/dev/null").expect("null").into();
        let handle = instance.exec(crate::bench::spec("root", &["sh", "-c", script], [null(), null(), null()]));
        handle.expect("exec")
    };
    let _running = background(&polite, script);
    until("it waits", || console(&polite).contains("waiting"));
    assert_eq!(polite.shutdown(Duration::from_secs(5)).expect("shutdown"), Exit::Code(0));
    assert!(console(&polite).contains("bye"), "{}", console(&polite));
    let stubborn = bench.start(2);
    let _running = background(&stubborn, "trap '' TERM HUP; echo deaf > /dev/console; while :; do sleep 0.05; done");
    until("it is deaf", || console(&stubborn).contains("deaf"));
    let began = Instant::now();
    assert_eq!(stubborn.shutdown(Duration::from_millis(300)).expect("shutdown"), Exit::Code(0));
    assert!((Duration::from_millis(300)..Duration::from_secs(3)).contains(&began.elapsed()), "{:?}", began.elapsed());
}

pub fn an_instance_can_end_itself() {
    let bench = Bench::new();
    for (command, reboots) in
        [("poweroff", false), ("shutdown -h now", false), ("reboot", true), ("shutdown -r now", true)]
    {
        let instance = bench.start(1);
        sh(&instance, command);
        let exit = instance.wait(Duration::from_secs(8)).expect("wait").expect("it ends");
        assert_eq!((exit.asks_for_reboot(), exit == Exit::Code(0)), (reboots, !reboots), "{command}: {exit:?}");
    }
}

pub fn a_hostile_disk_does_not_reach_the_host() {
    let bench = Bench::new();
    let outside = bench.directory.path().join("outside");
    std::fs::create_dir(&outside).expect("mkdir");
    std::fs::write(outside.join("victim"), "untouched").expect("write");
    let first = bench.start(1);
    let place = outside.display();
    out(
        &first,
        &format!(
            "mv /var /var.old; ln -s {place} /var; rm -rf /root; ln -s {place} /root; rm /etc/hosts; ln -s {place}/victim /etc/hosts; \
             rm /etc/resolv.conf; mkdir /etc/resolv.conf"
        ),
    );
    drop(first);
    let second = bench.start(1);
    assert_eq!(run(&second, &["true"]).exit, Exit::Code(0));
    assert_eq!(std::fs::read_to_string(outside.join("victim")).expect("read"), "untouched");
    assert_eq!(std::fs::read_dir(&outside).expect("list").count(), 1);
    assert!(console(&second).contains("cannot"), "what could not be done is said: {}", console(&second));
}

pub fn instances_do_not_see_each_other() {
    let bench = Bench::new();
    let pair: Vec<Running> = std::thread::scope(|scope| {
        let starts: Vec<_> = (1..=2)
            .map(|n| {
                scope.spawn({
                    let bench = &bench;
                    move || bench.start(n)
                })
            })
            .collect();
        starts.into_iter().map(|s| s.join().expect("start")).collect()
    });
    out(
        &pair[0],
        "echo mine > /tmp/secret; echo mine > /root/secret; echo mine > /etc/secret; echo mine > /dev/shm/secret",
    );
    let said = sh(&pair[1], "cat /tmp/secret /root/secret /etc/secret /dev/shm/secret");
    assert_eq!(said.out, "", "{said:?}");
    assert!(out(&pair[1], "ls /proc | grep -c '^[0-9]'").parse::<u32>().expect("count") < 8);
    assert_ne!(out(&pair[0], "cat /etc/machine-id"), out(&pair[1], "cat /etc/machine-id"));
}

pub fn every_client_trusts_the_authority() {
    let bench = Bench::new();
    let instance = bench.start(1);
    let bundle = out(&instance, "cat \"$SSL_CERT_FILE\"");
    assert!(bundle.contains(AUTHORITY.trim()), "the system bundle");
    // Without any variable, and with every certificate that was there before.
    let script = "import ssl; c = ssl.create_default_context().get_ca_certs(); \
                  print(len(c) > 100, any('Postern test authority' in str(x) for x in c))";
    let python = run(&instance, &["env", "-i", "/usr/bin/python3", "-c", script]);
    assert_eq!(python.out, "True True\n", "{python:?}");
    let vendored = out(
        &instance,
        "find /usr/lib/python3 -name cacert.pem -path '*botocore*' -o -name cacert.pem -path '*certifi*'",
    );
    assert!(!vendored.is_empty(), "this test needs python3-pip or awscli on the host, with its own bundle");
    let last = AUTHORITY.lines().rev().nth(1).expect("a line");
    for file in vendored.lines() {
        assert!(out(&instance, &format!("cat {file}")).contains(last), "{file}");
        assert!(!std::fs::read_to_string(file).expect("host's file").contains(last), "the host's {file} is unchanged");
    }
}

pub fn the_probe_finds_what_is_needed() {
    let found = postern_sandbox::probe(None).expect("probe");
    assert!(found.len() >= 8, "{found:?}");
    let missing: Vec<_> = found.iter().filter(|p| p.required && p.problem.is_some()).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(found.iter().all(|p| !p.remedy.is_empty()));
    let problem = |feature: &str| found.iter().find(|p| p.feature == feature).map(|p| p.problem.clone());
    assert_eq!(problem("id-mapped mounts"), Some(None));
    let one_id = std::fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| map.trim().ends_with(" 1"));
    assert_eq!(problem("subordinate ids").flatten().is_some(), one_id, "{found:?}");
    assert!(!std::fs::read_to_string("/proc/mounts").expect("mounts").contains("postern"));
}
