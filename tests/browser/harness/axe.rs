//! Accessibility checks with axe-core.

use serde_json::Value;

use super::Page;

impl Page {
    /// Fails with the list of violations that axe-core finds in either colour scheme. Contrast has to
    /// be 7:1 (WCAG 2.2, level AAA).
    pub(crate) async fn expect_accessible(&self, state: &str) {
        self.set_size(1000, 640).await;
        self.expect_accessible_in_this_size(state).await;
    }

    /// Does so without a change of the size of the screen.
    pub(crate) async fn expect_accessible_in_this_size(&self, state: &str) {
        for scheme in ["dark", "light"] {
            self.set_media("prefers-color-scheme", scheme).await;
            let violations = self.violations().await;
            assert_eq!(violations, Vec::<String>::new(), "{state}, {scheme}");
        }
    }

    async fn violations(&self) -> Vec<String> {
        const RUN: &str = "const done = arguments[0];
            const rules = { 'color-contrast-enhanced': { enabled: true }, 'target-size': { enabled: true } };
            axe.run(document, { rules }).then(({ violations }) => done(violations.map((found) =>
                `${found.id}: ${found.help}: ${found.nodes.map((node) => node.html).join(' ')}`)));";
        self.execute(&axe_source(), Vec::new()).await;
        let found: Value = self.activate().await.execute_async(RUN, Vec::new()).await.unwrap();
        serde_json::from_value(found).unwrap()
    }
}

/// The path to which `npm install --prefix target/axe axe-core@4` installs it.
const DEFAULT_PATH: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/axe/node_modules/axe-core/axe.min.js");

fn axe_source() -> String {
    let path = std::env::var("AXE_JS").unwrap_or_else(|_| DEFAULT_PATH.to_owned());
    std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{path}: {error}; npm install --prefix target/axe axe-core@4, or set AXE_JS")
    })
}
