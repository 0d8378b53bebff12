using System.Globalization;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Coordination.Benchmarks.CommandLine;

/// <summary>The range of a number.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class BetweenAttribute(double least, double most) : ParameterValidationAttribute("")
{
    public override ValidationResult Validate(CommandParameterContext context) =>
        context.Value is not { } value || Convert.ToDouble(value, CultureInfo.InvariantCulture) is var number && number >= least && number <= most
            ? ValidationResult.Success()
            : ValidationResult.Error(string.Create(
                CultureInfo.InvariantCulture, $"--{context.Parameter.PropertyName.ToLowerInvariant()} must be from {least} to {most}; it was {value}."));
}
