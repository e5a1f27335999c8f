A machine is deleted while its creation runs.

> apply vm web
  plan   web: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> until job INSTANCE_CREATE running
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   web: place on ganeti-1
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  event  web: Normal Scheduled: Placed on ganeti-1.
  event  web: Normal Creating: Job 2 on ganeti-1 is to create instance cyclades-web.

> delete vm web
  plan   web: stays at Synchronising: Whether the instance exists is being checked.

> until vm web gone
  ended  job INSTANCE_CREATE(cyclades-web): success
  says   web: Ready=False Creating: The instance is being created (job 2).
  says   web: Placed=True BackendChosen
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  step   remove: job INSTANCE_REMOVE(cyclades-web)
  event  web: Normal Deleting: Job 3 on ganeti-1 is to remove instance cyclades-web.
  ended  job INSTANCE_REMOVE(cyclades-web): success
  gone   web
