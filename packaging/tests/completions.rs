//! The completions, loaded by the shells themselves from the folders of a system.

use std::collections::BTreeSet;
use std::process::Command;

use crate::{PROGRAMS, help, options, programs, run, share};

/// What bash-completion offers for the last word of `line`; it finds the file of the program by itself.
fn bash(line: &str) -> BTreeSet<String> {
    let script = r#"
        source /usr/share/bash-completion/bash_completion
        read -ra COMP_WORDS <<<"$1"
        [[ $1 == *' ' ]] && COMP_WORDS+=('')
        program=${COMP_WORDS[0]} COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$1 COMP_POINT=${#1}
        if declare -F _comp_load >/dev/null; then _comp_load "$program"; else _completion_loader "$program"; fi
        entry=$(complete -p "$program") entry=${entry##*-F }
        "${entry%% *}" "$program" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-c", script, "bash", line]);
    run(bash.env("XDG_DATA_DIRS", share())).lines().map(str::to_owned).collect()
}

/// What fish offers for the last word of `line`.
fn fish(line: &str) -> BTreeSet<String> {
    let script = "set fish_complete_path $argv[1]; complete --do-complete $argv[2]";
    let mut fish = Command::new("fish");
    fish.args(["--no-config", "--command", script]);
    let folder = share().join("fish/vendor_completions.d");
    // It loads nothing for a program that is not on PATH.
    let path = format!("{}:/usr/bin:/bin", programs().display());
    fish.arg(folder).arg(line).env("PATH", path).env("HOME", env!("CARGO_TARGET_TMPDIR"));
    let offers = run(&mut fish);
    let offers = offers.lines().filter_map(|line| line.split('\t').next());
    offers.map(str::to_owned).collect()
}

/// What each of `lines` is after it and a tab were typed into the terminal of an interactive zsh.
fn zsh(lines: &[String]) -> Vec<String> {
    let script = r#"
        zmodload zsh/zpty
        zpty session zsh -f -i
        zpty -w session "PROMPT=; unset zle_bracketed_paste; fpath=($1 \$fpath); autoload -Uz compinit"
        zpty -w session 'compinit -u -D; bindkey "^G" show; zle -N show'
        zpty -w session 'show() { print -r -- "[[$BUFFER]]"; BUFFER= }; print re""ady'
        zpty -r -m session seen '*ready*'
        shift
        for line; do
            zpty -w -n session "$line"$'\t\a'
            zpty -r -m session seen '*\[\[*\]\]*'
            seen=${seen##*\[\[}
            print -r -- "${seen%%\]\]*}"
        done
        zpty -d session
    "#;
    let mut zsh = Command::new("timeout");
    zsh.args(["60", "zsh", "-f", "-c", script, "zsh"]);
    zsh.arg(share().join("zsh/site-functions")).args(lines).env("TERM", "dumb");
    run(&mut zsh).lines().map(str::to_owned).collect()
}

#[test]
fn bash_and_fish_offer_every_option_of_the_help_and_no_other() {
    for program in PROGRAMS {
        let expected = options(&help(program));
        let offered = bash(&format!("{program} -"));
        let short = BTreeSet::from(["-h", "-V"].map(str::to_owned));
        assert_eq!(&offered - &short, expected, "bash: {program}");
        let offered: BTreeSet<String> =
            ["-", "--"].iter().flat_map(|word| fish(&format!("{program} {word}"))).collect();
        assert_eq!(&offered - &short, expected, "fish: {program}");
    }
}

/// A prefix that leaves one choice is completed, so every option is typed but for its last letter.
#[test]
fn zsh_completes_every_option_of_the_help() {
    for program in PROGRAMS {
        let options = options(&help(program));
        let long: Vec<&String> = options.iter().filter(|option| option.len() > 2).collect();
        let typed = long.iter().map(|option| format!("{program} {}", &option[..option.len() - 1]));
        let completed = zsh(&typed.collect::<Vec<_>>());
        let completed: Vec<&str> =
            completed.iter().map(|line| line.trim_end_matches([' ', '='])).collect();
        let expected: Vec<String> =
            long.iter().map(|option| format!("{program} {option}")).collect();
        assert_eq!(completed, expected);
    }
}

#[test]
fn every_shell_completes_the_values_of_an_option() {
    let values = BTreeSet::from(["auto", "cloudflared", "none"].map(str::to_owned));
    assert_eq!(bash("chattrace --tunnel "), values);
    assert_eq!(fish("chattrace --tunnel "), values);
    assert_eq!(bash("chattrace --json --logs d"), BTreeSet::from(["delete".to_owned()]));
    assert_eq!(fish("chattrace --json --logs d"), BTreeSet::from(["delete".to_owned()]));
    let typed = ["chattrace --tunnel cl", "chattrace --json --logs d"].map(str::to_owned);
    let completed = zsh(&typed);
    let completed: Vec<&str> = completed.iter().map(|line| line.trim_end()).collect();
    assert_eq!(completed, ["chattrace --tunnel cloudflared", "chattrace --json --logs delete"]);
}

#[test]
fn every_shell_completes_the_commands_of_a_session() {
    let mutes = BTreeSet::from(["mute".to_owned()]);
    assert_eq!(bash("chattrace ctl mut"), mutes);
    assert_eq!(fish("chattrace ctl mut"), mutes);
    let links = BTreeSet::from(["link", "links"].map(str::to_owned));
    assert_eq!(bash("chattrace ctl link"), links);
    assert_eq!(fish("chattrace ctl link"), links);
    let completed = zsh(&["chattrace ctl --json mut".to_owned()]);
    assert_eq!(completed[0].trim_end(), "chattrace ctl --json mute");
}
