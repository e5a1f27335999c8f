An administrator gives an instance more memory: that is told, later corrected, later accepted.

> apply vm web driftPolicy=Report resizePolicy=Restart
  plan   web: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> until vm web Ready
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   web: place on ganeti-1
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  event  web: Normal Scheduled: Placed on ganeti-1.
  event  web: Normal Creating: Job 2 on ganeti-1 is to create instance cyclades-web.
  ended  job INSTANCE_CREATE(cyclades-web): success
  says   web: Ready=False Creating: The instance is being created (job 2).
  says   web: Placed=True BackendChosen
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.

> ganeti gives web 512
  plan   web: in the end Ready: The machine runs as declared.

> until vm web reason=Drifted
  other  job INSTANCE_SET_PARAMS(cyclades-web)
  says   web: Ready=False Drifted: Ganeti differs: memory: declared 128 MiB, Ganeti has 512 MiB.
  says   web: InSync=False Drifted
  event  web: Warning Drifted: Ganeti differs: memory: declared 128 MiB, Ganeti has 512 MiB.

> set vm web driftPolicy=Correct

> until vm web Ready InSync=True
  says   web: Ready=False Rescuing: The machine is to boot from something else.
  says   web: InSync=False ResizePending
  step   stop: job INSTANCE_SHUTDOWN(cyclades-web)
  event  web: Normal Stopping: Job 4 on ganeti-1 is to shut down instance cyclades-web.
  ended  job INSTANCE_SHUTDOWN(cyclades-web): success
  step   modify: job INSTANCE_SET_PARAMS(cyclades-web)
  event  web: Normal Resizing: Job 5 on ganeti-1 is to set CPUs, memory and hypervisor parameters of instance cyclades-web.
  ended  job INSTANCE_SET_PARAMS(cyclades-web): success
  step   start: job INSTANCE_STARTUP(cyclades-web)
  event  web: Normal Starting: Job 6 on ganeti-1 is to start instance cyclades-web.
  says   web: Ready=False Starting: The instance is being started (job 6).
  says   web: InSync=True InSync
  says   web: powerState Stopped
  ended  job INSTANCE_STARTUP(cyclades-web): success
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.

> set vm web driftPolicy=Accept

> until vm web Ready

> ganeti gives web 512

> wait 40s
  other  job INSTANCE_SET_PARAMS(cyclades-web)
  says   web: InSync=False Drifted

> until vm web Ready powerState=Running
