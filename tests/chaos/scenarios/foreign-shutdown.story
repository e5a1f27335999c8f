An administrator shuts an instance down; that is respected until the owner wants something else.

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

> ganeti shutdown web
  plan   web: in the end Ready: The machine runs as declared.

> until vm web reason=StoppedOutside
  other  job INSTANCE_SHUTDOWN(cyclades-web)
  says   web: Ready=False StoppedOutside: The machine was stopped in Ganeti or by its guest, and powerPolicy Follow respects that. To start it, set powerState to Stopped and then to Running, or set powerPolicy: Enforce.
  says   web: powerState Stopped
  event  web: Warning StoppedOutside: The machine was stopped in Ganeti or by its guest, and powerPolicy Follow respects that. To start it, set powerState to Stopped and then to Running, or set powerPolicy: Enforce.

> set vm web powerState=Stopped
  plan   web: in the end Ready: The machine is stopped as declared.

> until vm web Ready powerState=Stopped
  says   web: Ready=True Ready: The machine is stopped as declared.
  event  web: Normal Stopped: The machine is stopped as declared.
