// While something is being done, the desk looks whether it has ended. Without this script a button does.

const SECONDS = 3;
const work = document.querySelector('#work[data-state="running"]');

async function look() {
  try {
    const response = await fetch("desk/work", { headers: { accept: "application/json" } });
    const { state } = await response.json();
    if (state !== "running") {
      location.reload();
      return;
    }
  } catch {
    // The server may be restarting.
  }
  setTimeout(look, SECONDS * 1000);
}

// Not under another address of the desk (a form that was refused): it could not be loaded again.
if (work && location.pathname.endsWith("/desk")) setTimeout(look, SECONDS * 1000);
