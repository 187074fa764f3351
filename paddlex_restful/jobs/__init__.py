"""Long work in processes of its own: queue, start, stop, watch, recover (``manager``); the job's side (``context``)."""
