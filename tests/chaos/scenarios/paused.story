A paused machine is left alone, whatever its owner wants meanwhile.

> apply vm web
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

> annotate vm web paused=true
  plan   web: stays at Paused: Paused by annotation cyclades.io/paused; remove it to go on.

> until vm web reason=Paused
  says   web: Ready=False Paused: Paused by annotation cyclades.io/paused; remove it to go on.
  event  web: Normal Paused: Paused by annotation cyclades.io/paused; remove it to go on.

> set vm web powerState=Stopped

> wait 20s

> annotate vm web paused=
  plan   web: submit a job: stop instance cyclades-web; its guest has 120 s to shut down, then it is stopped by force, since spec.powerState is Stopped, and Running is what was brought about last
  plan   web: in the end Ready: The machine is stopped as declared.

> until vm web Ready powerState=Stopped
  step   stop: job INSTANCE_SHUTDOWN(cyclades-web)
  event  web: Normal Stopping: Job 3 on ganeti-1 is to shut down instance cyclades-web.
  ended  job INSTANCE_SHUTDOWN(cyclades-web): success
  says   web: Ready=True Ready: The machine is stopped as declared.
  says   web: powerState Stopped
  event  web: Normal Stopped: The machine is stopped as declared.
