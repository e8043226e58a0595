// The desk: its parts, each in a module of its own.
import { watchClocks } from "./desk_clocks.js";
import { watchPanes } from "./desk_panes.js";
import { watchList } from "./desk_list.js";
import { watchThread } from "./desk_thread.js";

watchClocks();
watchPanes();
watchList();
watchThread();
