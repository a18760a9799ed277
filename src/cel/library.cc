#include "cel/library.h"

#include <map>

namespace tangram::cel {

Function FindFunction(std::string_view name) {
  static const auto functions_by_name = [] {
    std::map<std::string_view, Function> table;
    for (const auto functions : {OperatorFunctions(), ConversionFunctions(), TextFunctions(),
                                 RegexFunctions(), ListFunctions(), DomainFunctions()}) {
      for (const NamedFunction& entry : functions) table[entry.name] = entry.function;
    }
    return table;
  }();
  const auto found = functions_by_name.find(name);
  return found == functions_by_name.end() ? nullptr : found->second;
}

}  // namespace tangram::cel
