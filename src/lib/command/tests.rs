//! The grammar as a whole.

use proptest::prelude::*;

use super::*;

#[test]
fn commands_are_parsed() {
    assert_eq!(parse(" KICK 3 "), Ok(Command::Kick(Who::Number(3))));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}", cursor in 0usize..300) {
        if let Err(error) = parse(&text) {
            let _ = error.to_string();
        }
        let _ = complete(&text, cursor, &["Ana"]);
    }
}
