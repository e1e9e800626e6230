//! `chattrace-clean`: see [`chattrace::clean_main`].

fn main() -> std::process::ExitCode {
    chattrace::clean_main()
}
