//! `chattrace-tunnel`: see [`chattrace::tunnel_main`].

fn main() -> std::process::ExitCode {
    chattrace::tunnel_main()
}
