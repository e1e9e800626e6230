//! axe-core: what a machine can tell about accessibility.

use serde_json::Value;

use super::Page;

impl Page {
    /// Fails with the list when axe-core finds anything, in either colour scheme. Contrast is
    /// held to 7:1.
    pub(crate) async fn expect_accessible(&self, state: &str) {
        for scheme in ["dark", "light"] {
            self.look(1000, scheme).await;
            let found = self.violations().await;
            assert_eq!(found, Vec::<String>::new(), "{state}, {scheme}");
        }
    }

    async fn violations(&self) -> Vec<String> {
        const RUN: &str = "const done = arguments[0];
            const rules = { 'color-contrast-enhanced': { enabled: true }, 'target-size': { enabled: true } };
            axe.run(document, { rules }).then(({ violations }) => done(violations.map((found) =>
                `${found.id}: ${found.help}: ${found.nodes.map((node) => node.html).join(' ')}`)));";
        self.run(&source(), Vec::new()).await;
        let found: Value = self.front().await.execute_async(RUN, Vec::new()).await.unwrap();
        serde_json::from_value(found).unwrap()
    }
}

/// Where `npm install --prefix target/axe axe-core@4` puts it, seen from this package.
const INSTALLED: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/axe/node_modules/axe-core/axe.min.js");

fn source() -> String {
    let path = std::env::var("AXE_JS").unwrap_or_else(|_| INSTALLED.to_owned());
    std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{path}: {error}; npm install --prefix target/axe axe-core@4, or set AXE_JS")
    })
}
