//! `chattrace-serve`: see [`chattrace::serve_main`].

fn main() -> std::process::ExitCode {
    chattrace::serve_main()
}
