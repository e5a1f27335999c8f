The process of a creation dies after its work: what it left is not used as it is.

> ganeti kills INSTANCE_CREATE after

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
  ended  job INSTANCE_CREATE(cyclades-web): error
  says   web: Ready=False Creating: The instance is being created (job 2).
  says   web: Placed=True BackendChosen
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  says   web: Ready=False JobFailed: Ganeti failed at creating the instance: detected death of job 2
  event  web: Warning JobFailed: Ganeti failed at creating the instance: detected death of job 2
  step   remove: job INSTANCE_REMOVE(cyclades-web)
  event  web: Normal Deleting: Job 3 on ganeti-1 is to remove instance cyclades-web.
  ended  job INSTANCE_REMOVE(cyclades-web): success
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  web: Normal Creating: Job 4 on ganeti-1 is to create instance cyclades-web.
  ended  job INSTANCE_CREATE(cyclades-web): success
  says   web: Ready=False Creating: The instance is being created (job 4).
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.
