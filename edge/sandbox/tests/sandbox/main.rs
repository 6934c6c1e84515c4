//! Real instances, as root and as an ordinary user.
//!
//! Each case runs in a process of its own, which is the daemon of its instances. Started by root, every case runs twice:
//! as root and as `nobody`, who enters a user namespace. Started by anyone else, every case runs as that user.

mod bench;
mod boot;
mod commands;
mod escapes;
mod leaks;
mod locked;
mod privacy;
mod ssh;

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

type Case = (&'static str, fn());

const CASES: &[Case] = &[
    (
        "instances_with_limits_start_one_after_another_and_run_a_command_at_once",
        boot::instances_with_limits_start_one_after_another_and_run_a_command_at_once,
    ),
    ("name_and_resolver_are_the_instances_own", boot::name_and_resolver_are_the_instances_own),
    ("user_data_runs_once_and_the_disk_stays", boot::user_data_runs_once_and_the_disk_stays),
    ("powering_off_is_polite_then_firm", boot::powering_off_is_polite_then_firm),
    ("an_instance_can_end_itself", boot::an_instance_can_end_itself),
    ("a_hostile_disk_does_not_reach_the_host", boot::a_hostile_disk_does_not_reach_the_host),
    ("instances_do_not_see_each_other", boot::instances_do_not_see_each_other),
    ("every_client_trusts_the_authority", boot::every_client_trusts_the_authority),
    ("exit_statuses_come_back", commands::exit_statuses_come_back),
    ("input_and_output_are_carried", commands::input_and_output_are_carried),
    ("files_are_relayed_not_handed_over", commands::files_are_relayed_not_handed_over),
    ("a_terminal_is_the_instances_own", commands::a_terminal_is_the_instances_own),
    ("the_environment_is_a_login_s", commands::the_environment_is_a_login_s),
    ("signals_and_hanging_up", commands::signals_and_hanging_up),
    ("nothing_private_is_visible", privacy::nothing_private_is_visible),
    ("nothing_of_the_host_is_written", privacy::nothing_of_the_host_is_written),
    ("extra_paths_are_shown_read_only", privacy::extra_paths_are_shown_read_only),
    ("escapes_fail", escapes::escapes_fail),
    ("a_killed_daemon_leaves_nothing", leaks::a_killed_daemon_leaves_nothing),
    ("a_daemon_killed_at_any_moment_leaves_nothing", leaks::a_daemon_killed_at_any_moment_leaves_nothing),
    ("a_dropped_owner_leaves_nothing", leaks::a_dropped_owner_leaves_nothing),
    ("the_probe_finds_what_is_needed", boot::the_probe_finds_what_is_needed),
];

/// What one id cannot do: these need the many that root has.
const ROOT_CASES: &[Case] = &[
    ("processes_are_limited", escapes::processes_are_limited),
    ("ssh_lets_the_key_in", ssh::ssh_lets_the_key_in),
    ("ec2_user_is_nobody_special", commands::ec2_user_is_nobody_special),
    ("files_locked_by_a_container_do_not_matter", locked::files_locked_by_a_container_do_not_matter),
    ("on_an_overlay_disks_are_in_memory", locked::on_an_overlay_disks_are_in_memory),
    ("subordinate_ids_give_users", locked::subordinate_ids_give_users),
];

const CASE: &str = "POSTERN_SANDBOX_CASE";
const NOBODY: u32 = 65534;
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    postern_sandbox::hidden_main();
    if let Ok(name) = std::env::var(CASE) {
        if postern_sandbox::rootless_needed()
            && let Err(error) = postern_sandbox::enter_rootless(&[])
        {
            panic!("{error}");
        }
        let cases = CASES.iter().chain(ROOT_CASES).chain(leaks::DAEMONS).chain(locked::INNER);
        let (_, case) = cases.into_iter().find(|(n, _)| *n == name).expect("a case of that name");
        case();
        return ExitCode::SUCCESS;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let exact = arguments.iter().any(|a| a == "--exact");
    let filters: Vec<&String> = arguments.iter().filter(|a| !a.starts_with("--") && *a != "terse").collect();
    let wanted = |name: &str| {
        filters.is_empty() || filters.iter().any(|f| if exact { name == *f } else { name.contains(f.as_str()) })
    };
    let all: Vec<(String, &'static str, Option<u32>)> = plan().into_iter().filter(|(name, ..)| wanted(name)).collect();
    if arguments.iter().any(|a| a == "--list") {
        let ignored = arguments.iter().any(|a| a == "--ignored");
        all.iter().filter(|_| !ignored).for_each(|(name, ..)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let failed: Vec<&String> =
        all.iter().filter(|(name, case, user)| !passes(name, case, *user)).map(|(name, ..)| name).collect();
    println!("\n{} passed, {} failed {failed:?}", all.len() - failed.len(), failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn plan() -> Vec<(String, &'static str, Option<u32>)> {
    let root = rustix::process::geteuid().is_root();
    let mut all = Vec::new();
    if root {
        let cases = CASES.iter().chain(ROOT_CASES);
        all.extend(cases.map(|(name, _)| (format!("root::{name}"), *name, None)));
    }
    all.extend(CASES.iter().map(|(name, _)| (format!("user::{name}"), *name, root.then_some(NOBODY))));
    all
}

fn passes(name: &str, case: &str, user: Option<u32>) -> bool {
    let began = Instant::now();
    let outcome = run(case, user, &[]);
    let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
    println!("test {name} ... {verdict} ({:.2} s)", began.elapsed().as_secs_f32());
    if let Err(words) = &outcome {
        println!("{words}");
    }
    outcome.is_ok()
}

/// Runs a case in a process of its own, as another user if one is given.
fn run(case: &str, user: Option<u32>, environment: &[(&str, &str)]) -> Result<String, String> {
    let mut child = start(case, user, environment);
    let last = Instant::now() + PATIENCE;
    while child.try_wait().expect("wait").is_none() && Instant::now() < last {
        std::thread::sleep(Duration::from_millis(5));
    }
    let late = child.try_wait().expect("wait").is_none();
    if late {
        child.kill().expect("kill");
    }
    let output = child.wait_with_output().expect("output");
    let words = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(words) } else { Err(format!("{words}{} late: {late}", output.status)) }
}

fn start(case: &str, user: Option<u32>, environment: &[(&str, &str)]) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().expect("own path"));
    // Nothing of this may reach an instance.
    command.env(CASE, case).env("AWS_SECRET_ACCESS_KEY", "callers-secret").envs(environment.iter().copied());
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    command.spawn().expect("start a case")
}
