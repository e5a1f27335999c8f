An owner's tags are put on the instance, changed and taken off while it runs.

> apply vm web tags=["shop","blue"]
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

> until tag cyclades:user:blue

> set vm web tags=["shop","green"]
  plan   web: in the end Ready: The machine runs as declared.

> until tag cyclades:user:green
  step   tag: job TAGS_SET
  event  web: Normal Tagging: Job 3 on ganeti-1 is to put its owner's words on instance cyclades-web.

> until vm web Ready
  ended  job TAGS_SET: success
  step   untag: job TAGS_DEL
  event  web: Normal Tagging: Job 4 on ganeti-1 is to take words of its owner off instance cyclades-web.
  ended  job TAGS_DEL: success

> set vm web tags=[]

> until vm web Ready powerState=Running
  step   untag: job TAGS_DEL
  event  web: Normal Tagging: Job 5 on ganeti-1 is to take words of its owner off instance cyclades-web.
  ended  job TAGS_DEL: success
