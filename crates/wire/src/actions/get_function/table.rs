//! The table of `GetFunction`, whose answer is written from it.

use crate::actions::list_functions::{STATUS_REASON, TAG};
use crate::actions::paging::{FUNCTION_NAME, NAMESPACE};
use crate::error::ErrorCode;
use crate::language::Text;
use crate::limits::ACTION_MAX_PER_S;
use crate::params::{ActionTable, Field, Param, ResourceLevel, Struct, Type};
use crate::service::VERSION;

/// The version that a function has when nothing was published (published).
pub(super) const LATEST: &str = "$LATEST";

/// The action's row.
pub const TABLE: ActionTable = ActionTable {
    name: "GetFunction",
    version: VERSION,
    title: Text::new("获取函数详细信息", "Get a function"),
    doc: Text::new(
        "该接口获取某个函数的详细信息。此服务只知道函数的名称、版本和运行时间，其余字段为空。",
        "Returns what is known of a function: its name, its version and when it ran. All other fields are empty.",
    ),
    params: PARAMS,
    response: RESPONSE,
    errors: &[
        ErrorCode::ResourceNotFoundFunctionName,
        ErrorCode::ResourceNotFoundNamespace,
        ErrorCode::ResourceNotFoundQualifier,
        ErrorCode::UnsupportedOperation,
    ],
    max_per_s: ACTION_MAX_PER_S,
    level: ResourceLevel::Function,
    sample_request: r#"{"FunctionName":"APITest"}"#,
    sample_response: r#"{"Response":{"ModTime":"2018-06-11 18:46:45","CodeInfo":"","Description":"","Triggers":[],"Handler":"","CodeSize":0,"Timeout":0,"FunctionVersion":"$LATEST","MemorySize":0,"Runtime":null,"FunctionName":"APITest","VpcConfig":{"VpcId":"","SubnetId":""},"UseGpu":"FALSE","Environment":{"Variables":[]},"CodeResult":"","CodeError":"","ErrNo":0,"Namespace":"default","Role":"","InstallDependency":"FALSE","Status":"Active","StatusDesc":"","ClsLogsetId":"","ClsTopicId":"","FunctionId":"","Tags":[],"EipConfig":{"EipFixed":"","Eips":[]},"AccessInfo":{"Host":"","Vip":""},"Type":"Event","L5Enable":"FALSE","Layers":[],"DeadLetterConfig":{"Type":"","Name":"","FilterType":""},"AddTime":"2018-06-01 08:00:00","PublicNetConfig":null,"OnsEnable":null,"CfsConfig":{"CfsInsList":[]},"AvailableStatus":"","Qualifier":"$LATEST","InitTimeout":0,"StatusReasons":[],"AsyncRunEnable":"FALSE","TraceEnable":"FALSE","ImageConfig":null,"ProtocolType":null,"ProtocolParams":null,"InstanceConcurrencyConfig":null,"DnsCache":"FALSE","IntranetConfig":null,"RequestId":"e2571ff3-da04-4c53-8438-f58bf057ce4a"}}"#,
    sources: &["https://cloud.tencent.com/document/api/583/18584"],
};

const PARAMS: &[Param] = &[
    FUNCTION_NAME,
    Param {
        name: "Qualifier",
        example: LATEST,
        doc: Text::new(
            "函数的版本号，默认值: $LATEST；函数没有以 $LATEST 运行过时为最近运行的版本。",
            "The version. Absent: `$LATEST`, or the version that ran last when `$LATEST` never ran.",
        ),
        ..Param::OPTIONAL
    },
    NAMESPACE,
    Param {
        name: "ShowCode",
        one_of: &["TRUE", "FALSE"],
        any_case: true,
        example: "FALSE",
        doc: Text::new(
            "是否显示代码, TRUE表示显示代码，FALSE表示不显示代码。此服务没有代码，TRUE 返回 UnsupportedOperation。",
            "`FALSE`, or `TRUE` to show the code, which is not supported: there is no code here.",
        ),
        ..Param::OPTIONAL
    },
];

const RESPONSE: &[Field] = &[
    Field::new("ModTime", Type::Timestamp, "最后修改时间（此服务为最近一次运行的时间）", "When the last run started."),
    Field::empty("CodeInfo", Type::String),
    Field::empty("Description", Type::String),
    Field::empty("Triggers", Type::List(&Type::Struct(&Struct { name: "Trigger", members: TRIGGER }))),
    Field::empty("Handler", Type::String),
    Field::empty("CodeSize", Type::Integer),
    Field::empty("Timeout", Type::Integer),
    Field::new("FunctionVersion", Type::String, "函数的版本", "The version; empty when runs name none."),
    Field::empty("MemorySize", Type::Integer),
    Field::null("Runtime", Type::String),
    Field::new("FunctionName", Type::String, "函数的名称", "The function's name."),
    Field::empty("VpcConfig", Type::Struct(&Struct { name: "VpcConfig", members: VPC_CONFIG })),
    Field::new("UseGpu", Type::String, "是否使用GPU，恒为 FALSE", "Always `FALSE`."),
    Field::empty("Environment", Type::Struct(&Struct { name: "Environment", members: ENVIRONMENT })),
    Field::empty("CodeResult", Type::String),
    Field::empty("CodeError", Type::String),
    Field::empty("ErrNo", Type::Integer),
    Field::new("Namespace", Type::String, "函数的命名空间", "The namespace."),
    Field::empty("Role", Type::String),
    Field::new("InstallDependency", Type::String, "是否自动安装依赖，恒为 FALSE", "Always `FALSE`."),
    Field::new("Status", Type::String, "函数状态，恒为 Active", "Always `Active`."),
    Field::empty("StatusDesc", Type::String),
    Field::empty("ClsLogsetId", Type::String),
    Field::empty("ClsTopicId", Type::String),
    Field::empty("FunctionId", Type::String),
    Field::empty("Tags", Type::List(&Type::Struct(&Struct { name: "Tag", members: TAG }))),
    Field::empty("EipConfig", Type::Struct(&Struct { name: "EipOutConfig", members: EIP_CONFIG })),
    Field::empty("AccessInfo", Type::Struct(&Struct { name: "AccessInfo", members: ACCESS_INFO })),
    Field::new("Type", Type::String, "函数类型，恒为 Event", "Always `Event`."),
    Field::new("L5Enable", Type::String, "是否启用L5，恒为 FALSE", "Always `FALSE`."),
    Field::empty("Layers", Type::List(&Type::Struct(&Struct { name: "LayerVersionInfo", members: LAYER }))),
    Field::empty("DeadLetterConfig", Type::Struct(&Struct { name: "DeadLetterConfig", members: DEAD_LETTER_CONFIG })),
    Field::new("AddTime", Type::Timestamp, "创建时间（此服务为第一次运行的时间）", "When the first run started."),
    Field::null("PublicNetConfig", Type::Struct(&Struct { name: "PublicNetConfigOut", members: PUBLIC_NET_CONFIG })),
    Field::null("OnsEnable", Type::String),
    Field::empty("CfsConfig", Type::Struct(&Struct { name: "CfsConfig", members: CFS_CONFIG })),
    Field::empty("AvailableStatus", Type::String),
    Field::new("Qualifier", Type::String, "函数版本", "The version; empty when runs name none."),
    Field::empty("InitTimeout", Type::Integer),
    Field::empty("StatusReasons", Type::List(&Type::Struct(&Struct { name: "StatusReason", members: STATUS_REASON }))),
    Field::new("AsyncRunEnable", Type::String, "是否异步执行，恒为 FALSE", "Always `FALSE`."),
    Field::new("TraceEnable", Type::String, "是否开启事件追踪，恒为 FALSE", "Always `FALSE`."),
    Field::null("ImageConfig", Type::Struct(&Struct { name: "ImageConfig", members: IMAGE_CONFIG })),
    Field::null("ProtocolType", Type::String),
    Field::null("ProtocolParams", Type::Struct(&Struct { name: "ProtocolParams", members: PROTOCOL_PARAMS })),
    Field::null(
        "InstanceConcurrencyConfig",
        Type::Struct(&Struct { name: "InstanceConcurrencyConfig", members: CONCURRENCY }),
    ),
    Field::new("DnsCache", Type::String, "是否开启DNS缓存，恒为 FALSE", "Always `FALSE`."),
    Field::null("IntranetConfig", Type::Struct(&Struct { name: "IntranetConfigOut", members: INTRANET_CONFIG })),
];

const TRIGGER: &[Field] = &[
    Field::empty("ModTime", Type::Timestamp),
    Field::empty("Type", Type::String),
    Field::empty("TriggerDesc", Type::String),
    Field::empty("TriggerName", Type::String),
    Field::empty("AddTime", Type::Timestamp),
    Field::empty("Enable", Type::Integer),
    Field::empty("CustomArgument", Type::String),
    Field::empty("AvailableStatus", Type::String),
    Field::empty("ResourceId", Type::String),
    Field::empty("BindStatus", Type::String),
    Field::empty("TriggerAttribute", Type::String),
    Field::empty("Qualifier", Type::String),
    Field::empty("Description", Type::String),
];

const VPC_CONFIG: &[Field] = &[Field::empty("VpcId", Type::String), Field::empty("SubnetId", Type::String)];

const ENVIRONMENT: &[Field] =
    &[Field::empty("Variables", Type::List(&Type::Struct(&Struct { name: "Variable", members: TAG })))];

const EIP_CONFIG: &[Field] = &[Field::empty("EipFixed", Type::String), Field::empty("Eips", Type::List(&Type::String))];

const ACCESS_INFO: &[Field] = &[Field::empty("Host", Type::String), Field::empty("Vip", Type::String)];

const LAYER: &[Field] = &[
    Field::empty("CompatibleRuntimes", Type::List(&Type::String)),
    Field::empty("AddTime", Type::String),
    Field::empty("Description", Type::String),
    Field::null("LicenseInfo", Type::String),
    Field::empty("LayerVersion", Type::Integer),
    Field::empty("LayerName", Type::String),
    Field::empty("Status", Type::String),
    Field::empty("Stamp", Type::String),
    Field::null("Tags", Type::List(&Type::Struct(&Struct { name: "Tag", members: TAG }))),
];

const DEAD_LETTER_CONFIG: &[Field] =
    &[Field::empty("Type", Type::String), Field::empty("Name", Type::String), Field::empty("FilterType", Type::String)];

const PUBLIC_NET_CONFIG: &[Field] = &[
    Field::empty("PublicNetStatus", Type::String),
    Field::empty("EipConfig", Type::Struct(&Struct { name: "EipConfigOut", members: EIP_CONFIG_OUT })),
];

const EIP_CONFIG_OUT: &[Field] =
    &[Field::empty("EipStatus", Type::String), Field::empty("EipAddress", Type::List(&Type::String))];

const CFS_CONFIG: &[Field] =
    &[Field::empty("CfsInsList", Type::List(&Type::Struct(&Struct { name: "CfsInsInfo", members: CFS_INSTANCE })))];

const CFS_INSTANCE: &[Field] = &[
    Field::empty("UserId", Type::String),
    Field::empty("UserGroupId", Type::String),
    Field::empty("CfsId", Type::String),
    Field::empty("MountInsId", Type::String),
    Field::empty("LocalMountDir", Type::String),
    Field::empty("RemoteMountDir", Type::String),
    Field::empty("IpAddress", Type::String),
    Field::empty("MountVpcId", Type::String),
    Field::empty("MountSubnetId", Type::String),
];

const IMAGE_CONFIG: &[Field] = &[
    Field::empty("ImageType", Type::String),
    Field::empty("ImageUri", Type::String),
    Field::empty("RegistryId", Type::String),
    Field::empty("EntryPoint", Type::String),
    Field::empty("Command", Type::String),
    Field::empty("Args", Type::String),
    Field::empty("ContainerImageAccelerate", Type::Bool),
    Field::empty("ImagePort", Type::Integer),
];

const PROTOCOL_PARAMS: &[Field] =
    &[Field::empty("WSParams", Type::Struct(&Struct { name: "WSParams", members: WS_PARAMS }))];

const WS_PARAMS: &[Field] = &[Field::empty("IdleTimeOut", Type::Unsigned)];

const CONCURRENCY: &[Field] = &[
    Field::empty("DynamicEnabled", Type::String),
    Field::empty("MaxConcurrency", Type::Unsigned),
    Field::empty("InstanceIsolationEnabled", Type::String),
    Field::empty("Type", Type::String),
    Field::empty("MixNodeConfig", Type::List(&Type::Struct(&Struct { name: "MixNodeConfig", members: MIX_NODE }))),
    Field::empty("SessionConfig", Type::Struct(&Struct { name: "SessionConfig", members: SESSION })),
];

const MIX_NODE: &[Field] = &[Field::empty("NodeSpec", Type::String), Field::empty("Num", Type::Unsigned)];

const SESSION: &[Field] = &[
    Field::empty("SessionSource", Type::String),
    Field::empty("SessionName", Type::String),
    Field::empty("MaximumConcurrencySessionPerInstance", Type::Unsigned),
    Field::empty("MaximumTTLInSeconds", Type::Unsigned),
    Field::empty("MaximumIdleTimeInSeconds", Type::Unsigned),
    Field::empty("SessionPath", Type::String),
    Field::empty("IdleTimeoutStrategy", Type::String),
];

const INTRANET_CONFIG: &[Field] =
    &[Field::empty("IpFixed", Type::String), Field::null("IpAddress", Type::List(&Type::String))];
