// The address of the page, and what a reload needs.

// The ticket and the own name, which a reload brings back. No browser keeps a form for a page that must
// not be stored. Measured in Chromium and Firefox: `window.name` reaches no file, but Chromium can show it
// to the next site in this tab; `history.state` belongs to this page, but reaches the file from which the
// browser restores its windows. So one holds random numbers and the other the text combined with them:
// either alone says nothing.
const KEPT_LENGTH = 90;
const TICKET_LENGTH = 22;

/** Lets a reload come back to the join form with this link and name. */
function keepForReload() {
	const text = (ticket + session.name).padEnd(KEPT_LENGTH);
	const key = [...crypto.getRandomValues(new Uint16Array(KEPT_LENGTH))];
	window.name = key.map((random, at) => random ^ text.charCodeAt(at)).join();
	// A link that was pasted into the form stays out of the address, and so out of the browser's history.
	history.replaceState(key, '', isInAddress ? LINK_PATH + ticket : '/');
}

/** Removes the ticket from the address, and what was kept for a reload. */
function forgetAddress() {
	window.name = '';
	history.replaceState(null, '', '/');
}

/** What keepForReload() kept; empty if this is no reload. */
function readKept() {
	const key = history.state;
	if (!Array.isArray(key)) return '';
	const codes = window.name.split(',').map((code, at) => code ^ key[at]);
	const text = String.fromCharCode(...codes).trimEnd();
	return /^[\w-]{21}[AQgw][^]/.test(text) ? text : '';
}

const kept = readKept();
const ownAddress = location.pathname + location.search + location.hash;
ticket = usableTicket(ownAddress);
const isInAddress = !!ticket;
// While one is in the room, the address is a link that can be reloaded and copied. Without what was changed
// on its way, it is one that others can open as well.
history.replaceState(history.state, '', ticket ? LINK_PATH + ticket : '/');
ticket = ticket || kept.slice(0, TICKET_LENGTH);
const keptName = kept.startsWith(ticket) ? kept.slice(TICKET_LENGTH) : '';
