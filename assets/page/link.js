// The ticket in a link.

/** Undoes percent encoding, also of links in links. */
function decodeLink(text) {
	for (const _ of 'abc') text = text.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode('0x' + hex));
	return text;
}

/** Finds the ticket in a link that was changed on its way, as src/lib/pasted_link.rs does. */
function findTicket(link) {
	const text = decodeLink(link);
	const inLink = (text) => /(?:\/t\/|#1\.)([\w-]{21}[AQgw])/.exec(text);
	const alone = /(?:^|[^\w-])[_-]*?([\w-]{21}[AQgw])[_-]*(?![\w-])/.exec(text.replace(/:\/\/[\w.-]*/g, ' '));
	// What programs insert into a link is removed last: white space, quotation signs, backslashes.
	return (inLink(text) || alone || inLink(text.replace(/[^!-~]|[=>\\]/g, '')))?.[1];
}
