//! Errors of the system, in words for people.

use std::io::Error;

/// What went wrong, in lower case and without the error number, to follow a colon in a sentence. An
/// error that does not come from the system keeps its own text.
pub(crate) fn io_reason(error: &Error) -> String {
    let text = error.to_string();
    // std gives the errors of getaddrinfo(3) no kind and no number: only this text tells them apart.
    if text.contains("failed to lookup address") {
        return "its name cannot be looked up".to_owned();
    }
    match error.raw_os_error().and_then(|_| text.rsplit_once(" (os error ")) {
        Some((words, _)) => words.to_lowercase(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_error_loses_its_number_and_another_keeps_its_text() {
        assert_eq!(io_reason(&Error::from_raw_os_error(2)), "no such file or directory");
        let own = "The peer said (os error 7) to us";
        assert_eq!(io_reason(&Error::other(own)), own);
        let unresolved = "failed to lookup address information: Name or service not known";
        assert_eq!(io_reason(&Error::other(unresolved)), "its name cannot be looked up");
    }
}
