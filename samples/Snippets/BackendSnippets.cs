using Coordination.Backends;
using Coordination.DependencyInjection;
using Coordination.InMemory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Snippets;

internal static class BackendSnippets
{
    public static int Granted(IEnumerable<(ClaimMode Mode, int Limit)> queue) => CountGranted(queue);

    // snippet: grant-rule
    private static int CountGranted(IEnumerable<(ClaimMode Mode, int Limit)> queue)
    {
        var rule = new GrantRule();
        foreach (var (mode, limit) in queue)
        {
            if (!rule.TryGrant(mode, limit))
            {
                break;
            }
        }

        return rule.Count;
    }
    // end
}

// snippet: backend-use
public sealed class MyStoreOptions
{
    public string Address { get; set; } = "";

    internal static IEnumerable<string> Failures(MyStoreOptions options)
    {
        if (options.Address.Length == 0)
        {
            yield return $"{nameof(Address)} must be like mystore:1234.";
        }
    }
}

public static class MyStoreCoordinatorBuilderExtensions
{
    public static ICoordinatorBuilder UseMyStore(this ICoordinatorBuilder builder, IConfiguration section)
    {
        builder.Services.AddOptions<MyStoreOptions>(builder.Name)
            .Bind(section)
            .ValidateBackendOptions(section, "{ \"Address\": \"mystore:1234\" }", MyStoreOptions.Failures, nameof(MyStoreOptions.Address));
        return builder.UseBackend(provider => MyStore.CreateBackend(provider.GetRequiredService<IOptionsMonitor<MyStoreOptions>>().Get(builder.Name)));
    }

    public static BackendChoices AddMyStore(this BackendChoices choices) => choices.Add("MyStore", static (builder, section) => builder.UseMyStore(section));
}
// end

internal static class MyStore
{
    public static ICoordinationBackend CreateBackend(MyStoreOptions options) => new InMemoryServer().CreateBackend();
}
