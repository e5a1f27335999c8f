A machine gets another flavor, and is restarted for it.

> apply vm web
  plan   web: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> until vm web Ready flavor=tiny
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

> set vm web flavorRef.name=small resizePolicy=Restart
  plan   web: note in the status that it is going to be restarted, since after a crash in between, nobody must take the stop that follows for somebody else's
  plan   web: submit a job: stop instance cyclades-web; its guest has 120 s to shut down, then it is stopped by force, since spec.flavorRef names another flavor, and spec.resizePolicy is Restart
  plan   web: submit a job: modify instance cyclades-web, since spec.flavorRef names small, and the machine is stopped
  plan   web: submit a job: start instance cyclades-web, since spec.powerState is Running, and it is Stopped
  plan   web: in the end Ready: The machine runs as declared.

> until vm web Ready flavor=small powerState=Running
  says   web: Ready=False Resizing: The machine is to be restarted, so that what the spec says takes effect.
  says   web: InSync=False ResizePending
  step   stop: job INSTANCE_SHUTDOWN(cyclades-web)
  event  web: Normal Stopping: Job 3 on ganeti-1 is to shut down instance cyclades-web.
  ended  job INSTANCE_SHUTDOWN(cyclades-web): success
  step   modify: job INSTANCE_SET_PARAMS(cyclades-web)
  event  web: Normal Resizing: Job 4 on ganeti-1 is to set CPUs, memory and hypervisor parameters of instance cyclades-web.
  ended  job INSTANCE_SET_PARAMS(cyclades-web): success
  step   start: job INSTANCE_STARTUP(cyclades-web)
  event  web: Normal Starting: Job 5 on ganeti-1 is to start instance cyclades-web.
  says   web: Ready=False Starting: The instance is being started (job 5).
  says   web: InSync=True InSync
  says   web: powerState Stopped
  ended  job INSTANCE_STARTUP(cyclades-web): success
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.
