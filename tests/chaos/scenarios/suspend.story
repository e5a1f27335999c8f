A machine is suspended by an administrator, and released.

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

> set vm web suspended=true
  plan   web: submit a job: stop instance cyclades-web; its guest has 120 s to shut down, then it is stopped by force, since spec.suspended is true
  plan   web: stays at Suspended: The machine is suspended by an administrator; it is as powerState says again when spec.suspended is false.

> until vm web reason=Suspended powerState=Stopped
  step   stop: job INSTANCE_SHUTDOWN(cyclades-web)
  event  web: Normal Stopping: Job 3 on ganeti-1 is to shut down instance cyclades-web.
  ended  job INSTANCE_SHUTDOWN(cyclades-web): success
  says   web: Ready=False Suspended: The machine is suspended by an administrator; it is as powerState says again when spec.suspended is false.
  says   web: powerState Stopped
  event  web: Normal Suspended: The machine is suspended by an administrator; it is as powerState says again when spec.suspended is false.

> set vm web suspended=false
  plan   web: submit a job: start instance cyclades-web, since spec.powerState is Running, and Stopped is what was brought about last
  plan   web: in the end Ready: The machine runs as declared.

> until vm web Ready powerState=Running
  step   start: job INSTANCE_STARTUP(cyclades-web)
  event  web: Normal Starting: Job 4 on ganeti-1 is to start instance cyclades-web.
  ended  job INSTANCE_STARTUP(cyclades-web): success
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.
