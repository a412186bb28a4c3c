// Java: com.tencentcloudapi:tencentcloud-sdk-java-scf.

import { given, SECRET_ID, SECRET_KEY, type Call, type Generator } from "./call.ts";
import type { Json, Param, Shape } from "../tables.ts";
import { json } from "./quote.ts";

/** Statements that make the objects a value needs come first; the expression names them. */
interface Built {
  readonly before: readonly string[];
  readonly value: string;
}

class Names {
  readonly #used = new Map<string, number>();

  fresh(struct: string): string {
    const name = struct.charAt(0).toLowerCase() + struct.slice(1);
    const count = (this.#used.get(name) ?? 0) + 1;
    this.#used.set(name, count);
    return count === 1 ? name : `${name}${count}`;
  }
}

function build(shape: Shape<Param>, value: Json, names: Names): Built {
  if (shape.type === "object") {
    const struct = shape.struct ?? "";
    const name = names.fresh(struct);
    return {
      before: [`${struct} ${name} = new ${struct}();`, ...setters(name, shape.members ?? [], value, names)],
      value: name,
    };
  }
  if (shape.type === "array" && shape.item !== undefined && Array.isArray(value)) {
    const { item } = shape;
    const parts = value.map((one: Json) => build(item, one, names));
    const type = item.type === "object" ? (item.struct ?? "") : "String";
    return {
      before: parts.flatMap((part) => part.before),
      value: `new ${type}[] { ${parts.map((part) => part.value).join(", ")} }`,
    };
  }
  const isLong = shape.type === "integer" || shape.type === "unsigned";
  return { before: [], value: typeof value === "string" ? json(value) : `${String(value)}${isLong ? "L" : ""}` };
}

function setters(name: string, params: readonly Param[], value: Json, names: Names): string[] {
  return given(params, value).flatMap(({ name: member, shape, value: one }) => {
    const built = build(shape, one, names);
    return [...built.before, `${name}.set${member}(${built.value});`];
  });
}

export const java: Generator = {
  id: "java",
  name: "Java",
  file: "Main.java",
  keywords: "import public class static void throws new null true false String",
  comment: "//",
  run: "# Maven: com.tencentcloudapi:tencentcloud-sdk-java-scf, with its dependencies in lib/\njava -cp 'lib/*' Main.java",
  generate: ({ action, region, scheme, host, params, language }: Call) => {
    const lines = setters("request", action.params, params, new Names()).map((line) => `        ${line}\n`);
    return `import com.tencentcloudapi.common.AbstractModel;
import com.tencentcloudapi.common.Credential;
import com.tencentcloudapi.common.exception.TencentCloudSDKException;
import com.tencentcloudapi.common.profile.ClientProfile;
import com.tencentcloudapi.common.profile.HttpProfile;
import com.tencentcloudapi.common.profile.Language;
import com.tencentcloudapi.scf.v20180416.ScfClient;
import com.tencentcloudapi.scf.v20180416.models.*;

public class Main {
    public static void main(String[] args) throws TencentCloudSDKException {
        Credential credential = new Credential(System.getenv("${SECRET_ID}"), System.getenv("${SECRET_KEY}"));
        HttpProfile http = new HttpProfile();
        http.setProtocol(${json(`${scheme}://`)});
        http.setEndpoint(${json(host)});
        ClientProfile profile = new ClientProfile();
        profile.setHttpProfile(http);
        profile.setLanguage(Language.${language === "zh-CN" ? "ZH_CN" : "EN_US"});
        ScfClient client = new ScfClient(credential, ${json(region)}, profile);

        ${action.name}Request request = new ${action.name}Request();
${lines.join("")}
        ${action.name}Response response = client.${action.name}(request);
        System.out.println(AbstractModel.toJsonString(response));
    }
}
`;
  },
};
