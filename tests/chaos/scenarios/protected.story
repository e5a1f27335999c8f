A protected machine is deleted: its instance stays until the protection is taken off.

> apply vm web protected=true

> until vm web Ready
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   web: place on ganeti-1
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  step   create: job INSTANCE_CREATE(cyclades-web)
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

> delete vm web

> until vm web reason=Protected
  says   web: Ready=False Protected: The object is being deleted and spec.protected is true: set it to false to let the instance go with it.
  event  web: Normal Protected: The object is being deleted and spec.protected is true: set it to false to let the instance go with it.

> set vm web protected=false

> until vm web gone
  step   remove: job INSTANCE_REMOVE(cyclades-web)
  event  web: Normal Deleting: Job 3 on ganeti-1 is to remove instance cyclades-web.
  ended  job INSTANCE_REMOVE(cyclades-web): success
  gone   web

> until instances 0
