using Coordination.Leases;
using Microsoft.Extensions.Options;

namespace Coordination;

/// <summary>Checks the options: at start with a container, in the constructor without one.</summary>
internal sealed class CoordinatorOptionsValidator : IValidateOptions<CoordinatorOptions>
{
    private static readonly TimeSpan MinOperationTimeout = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MaxOperationTimeout = TimeSpan.FromHours(1);

    public ValidateOptionsResult Validate(string? name, CoordinatorOptions options)
    {
        // The backend's minimum is not known yet; the coordinator's constructor checks it.
        var failures = Check(options, TimeSpan.FromMilliseconds(1));
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    public static List<string> Check(CoordinatorOptions options, TimeSpan minDuration)
    {
        var failures = new List<string>();
        Try(() => LeaseTerms.CheckDuration(options.LeaseDuration, minDuration, nameof(options.LeaseDuration)));
        if (options.SafetyMargin is { } margin)
        {
            Try(() => LeaseTerms.CheckMargin(margin, options.LeaseDuration, nameof(options.SafetyMargin)));
        }

        Try(() => LeaseTerms.CheckValue(options.Holder, nameof(options.Holder)));
        if (options.OperationTimeout < MinOperationTimeout || options.OperationTimeout > MaxOperationTimeout)
        {
            failures.Add(
                $"{nameof(options.OperationTimeout)} must be from {MinOperationTimeout} to {MaxOperationTimeout}, but is {options.OperationTimeout}.");
        }

        return failures;

        void Try(Action check)
        {
            try
            {
                check();
            }
            catch (ArgumentException exception)
            {
                failures.Add(exception.Message);
            }
        }
    }
}
