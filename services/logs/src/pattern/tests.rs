//! Patterns against messages: after the examples of AWS's user guide.

use super::Pattern;

#[track_caller]
fn takes(pattern: &str, yes: &[&str], no: &[&str]) {
    let read = Pattern::read(pattern).unwrap_or_else(|refusal| panic!("{pattern}: {:?}", refusal));
    for message in yes {
        assert!(read.matches(message), "{pattern} should take {message}");
    }
    for message in no {
        assert!(!read.matches(message), "{pattern} should not take {message}");
    }
}

#[track_caller]
fn refused(pattern: &str) -> String {
    let refusal = Pattern::read(pattern).err().unwrap_or_else(|| panic!("{pattern} is read"));
    assert_eq!(refusal.code, "InvalidParameterException");
    refusal.message
}

#[test]
fn the_empty_pattern_takes_everything() {
    takes("", &["", "x"], &[]);
    takes("  ", &["x"], &[]);
}

#[test]
fn terms_are_all_there_in_any_order_and_case_counts() {
    takes("ERROR", &["[ERROR] x", "ERRORS"], &["error"]);
    takes("ERROR ARGUMENTS", &["ARGUMENTS ERROR"], &["ERROR only"]);
    takes("\"INTERNAL SERVER ERROR\"", &["500 INTERNAL SERVER ERROR"], &["INTERNAL ERROR SERVER"]);
    takes(r#""say \"hi\"" x"#, &[r#"x say "hi""#], &["x say hi"]);
}

#[test]
fn one_optional_term_is_enough() {
    takes("?ERROR ?ARGUMENTS", &["ERROR", "ARGUMENTS"], &["WARN"]);
    takes("?\"a b\" ?c", &["a b", "c"], &["b a"]);
}

#[test]
fn an_excluded_term_is_not_there() {
    takes("ERROR -ARGUMENTS", &["ERROR 1"], &["ERROR ARGUMENTS", "x"]);
    takes("-\"health check\"", &["x", "health"], &["a health check"]);
}

#[test]
fn optional_terms_beside_others_are_ignored() {
    takes("?ERROR ?WARN REQUEST", &["REQUEST", "ERROR REQUEST"], &["ERROR"]);
    takes("?ERROR -WARN", &["INFO"], &["ERROR WARN"]);
}

#[test]
fn expressions_are_between_percent_signs() {
    takes("%AUTHORIZED%", &["UNAUTHORIZED"], &["authorized"]);
    takes(r"%4\d{2}% -%40[01]%", &["403"], &["401", "500"]);
}

#[test]
fn what_is_no_pattern_is_refused() {
    assert_eq!(refused("a-b"), "Invalid character(s) in term 'a-b'");
    assert_eq!(refused("?[x"), "Invalid character(s) in term '[x'");
    for pattern in [
        "\"open",
        "-",
        "%(%",
        "%a",
        "{ }",
        "{ $.a }",
        "{ $.a = }",
        "{ $.a = 1",
        "{ $.a = 1 } x",
        "{ $ = 1 }",
        "{ $.a > x }",
        "{ $.a IS MAYBE }",
        "{ $.a NOT }",
        "{ ($.a = 1 }",
        "{ $.a = 1 && }",
        "{ $.a[x] = 1 }",
        "[",
        "[a",
        "[a,]",
        "[a] b",
        "[..., ...]",
        "[a = 1 && b = 2]",
        "[a > x]",
        "[a ~ 1]",
    ] {
        assert_eq!(refused(pattern), "Invalid filter pattern", "{pattern}");
    }
    assert_eq!(refused(&format!("{{ {}$.a = 1{} }}", "(".repeat(400), ")".repeat(400))), "Invalid filter pattern");
}

#[test]
fn json_texts_are_compared() {
    takes(
        r#"{ $.eventType = "UpdateTrail" }"#,
        &[r#"{"eventType":"UpdateTrail"}"#],
        &[r#"{"eventType":"Update"}"#, r#"{"other":"UpdateTrail"}"#, "UpdateTrail", r#"{"eventType":"#, ""],
    );
    takes("{ $.ip = 123.123.* }", &[r#"{"ip":"123.123.1.2"}"#], &[r#"{"ip":"12.123.1.2"}"#]);
    takes(r#"{ $.a = "*b*c" }"#, &[r#"{"a":"xbxc"}"#, r#"{"a":"bc"}"#], &[r#"{"a":"xbx"}"#, r#"{"a":"c"}"#]);
    takes("{ $.a != x }", &[r#"{"a":"y"}"#, r#"{"a":1}"#], &[r#"{"a":"x"}"#, r#"{"b":"y"}"#, r#"{"a":{"x":1}}"#]);
    takes("{ $.a = %^x[0-9]+$% }", &[r#"{"a":"x12"}"#], &[r#"{"a":"x12y"}"#]);
    takes("{$.a=x}", &[r#"{"a":"x"}"#], &[]);
}

#[test]
fn json_numbers_are_compared() {
    takes("{ $.n > 3 }", &[r#"{"n":4}"#, r#"{"n":3.5}"#], &[r#"{"n":3}"#, r#"{"n":"4"}"#]);
    takes("{ $.n >= 3 && $.n<=4 }", &[r#"{"n":3}"#, r#"{"n":4.0}"#], &[r#"{"n":5}"#]);
    takes("{ $.n = 1e2 }", &[r#"{"n":100}"#], &[r#"{"n":"1e2"}"#]);
    takes("{ $.n != 200 }", &[r#"{"n":500}"#, r#"{"n":"OK"}"#], &[r#"{"n":200}"#, "{}"]);
    takes("{ $.n = -1 }", &[r#"{"n":-1}"#], &[r#"{"n":1}"#]);
    takes("{ $.n = 4* }", &[r#"{"n":404}"#, r#"{"n":"4xx"}"#], &[r#"{"n":304}"#]);
    takes("{ $.n = * }", &[r#"{"n":404}"#, r#"{"n":""}"#, r#"{"n":false}"#], &[r#"{"m":1}"#, r#"{"n":null}"#]);
}

#[test]
fn json_truths_nulls_and_absence() {
    takes("{ $.a IS TRUE }", &[r#"{"a":true}"#], &[r#"{"a":false}"#, r#"{"a":"true"}"#]);
    takes("{ $.a IS FALSE }", &[r#"{"a":false}"#], &[r#"{"a":true}"#, "{}"]);
    takes("{ $.a IS NULL }", &[r#"{"a":null}"#], &[r#"{"a":0}"#, "{}"]);
    takes("{ $.a.b NOT EXISTS }", &["{}", r#"{"a":1}"#], &[r#"{"a":{"b":null}}"#]);
}

#[test]
fn json_ways_lead_through_members_and_items() {
    let message = r#"{"users":[{"id":1,"k-v":"x"},{"id":2}],"a.b":{"c d":5}}"#;
    for pattern in [
        "{ $.users[1].id = 2 }",
        "{ $.users[*].id = 2 }",
        "{ $.users[0].k-v = x }",
        "{ $['a.b']['c d'] = 5 }",
        r#"{ $["a.b"].* = 5 }"#,
    ] {
        takes(pattern, &[message], &["{}", "[]"]);
    }
    takes("{ $[0] = 1 }", &["[1]"], &["[2,1]"]);
}

#[test]
fn json_conditions_are_combined_and_before_or() {
    let pattern = "{ $.a = 1 || $.b = 1 && $.c = 1 }";
    takes(pattern, &[r#"{"a":1}"#, r#"{"b":1,"c":1}"#], &[r#"{"b":1}"#, r#"{"c":1}"#]);
    let pattern = r#"{ ($.a = 1 || $.b = 1) && ($.c = "x") }"#;
    takes(pattern, &[r#"{"b":1,"c":"x"}"#], &[r#"{"a":1}"#, r#"{"c":"x"}"#]);
}

const LINE: &str = r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#;

#[test]
fn fields_are_between_spaces_quotes_and_brackets() {
    for pattern in [
        "[ip, id, user, time, request, status, bytes]",
        "[ip, id, user, time, request, status = 4*, bytes]",
        "[ip, id, user, time, request = *index.html*, status, bytes > 1000]",
        "[ip=%127\\.0\\.0\\.[1-9]%, ..., status=404, bytes]",
        "[..., status = 4* || status = 5*, bytes]",
        "[..., request = \"GET /index.html HTTP/1.0\", status, bytes]",
        "[ip, id, user != root && user != admin, ...]",
        "[ip, ...]",
        "[]",
    ] {
        takes(pattern, &[LINE], &[]);
    }
    for pattern in [
        "[ip, id, user]",
        "[..., status = 5*, bytes]",
        "[..., bytes < 1000]",
        "[ip, id, user = frank && user = root, ...]",
        "[a, b, c, d, e, f, g, h]",
        "[..., a, b, c, d, e, f, g, h]",
        "[..., request > 5, status, bytes]",
    ] {
        takes(pattern, &[], &[LINE]);
    }
    takes("[a, b]", &["x [y", "\"x y\" z", "é \"ü\""], &["x", "x y z", ""]);
}

#[test]
fn values_are_told_by_name_or_by_number() {
    let values = |pattern: &str, message: &str| Pattern::read(pattern).unwrap().values(message);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        values("[a, ..., b]", "1 2 [3 4] 5"),
        [pair("$a", "1"), pair("$2", "2"), pair("$3", "3 4"), pair("$b", "5"),]
    );
    assert_eq!(values("{ $.a = 1 && $.b.c = x }", r#"{"a":1,"b":{"c":"x"}}"#), [pair("$.a", "1"), pair("$.b.c", "x")]);
    assert_eq!(values("x", "x"), []);
}
