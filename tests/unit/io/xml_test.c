/* XML in and out. What documents become, and how events are laid out, is what siddhi-map-xml 5.2.2 does, run;
 * but xsi:nil is null, text is escaped, and the prefix xsi is bound. */
#include "format_support.h"

#include "xml.h"

#define S "a string, b int, c double"
#define IN(schema, options, attributes, text, expected)                                                      \
    assert_decoded(&xml_decoder, schema, options, attributes, text, expected)
#define OUT(options, payload, rows, expected)                                                                \
    assert_encoded(&xml_encoder, S, options, payload, false, rows, expected)

static void siddhis_layout_is_read(void **state) {
    (void)state;
    IN(S, "", "", "<events><event><a>x</a><b>1</b><c>1.5</c></event></events>", "x|1|1.5\n");
    IN(S, "", "",
       "<?xml version='1.0'?>\n<events>\n <event><a> x&amp;<![CDATA[<y]]> </a><b>1</b><c>1.5</c></event>\n"
       "<event><b>2</b><d/><a/><c>2.5</c></event></events>",
       " x&<y |1|1.5\n|2|2.5;\n");
    IN(S, "", "", "<events><event><a>x<q>y</q></a><b xsi:nil=\"true\"/><c>1.5</c></event></events>",
       "x|null|1.5\n");
}

/* As siddhi-map-xml 5.2.2 has it, asked for each. */
static void prefixes_do_not_matter_in_siddhis_layout(void **state) {
    (void)state;
    IN(S, "", "", "<events xmlns:p='urn:x'><p:event><p:a>x</p:a><b>1</b><p:c>1.5</p:c></p:event></events>",
       "x|1|1.5\n");
}

static void an_element_with_others_in_it_is_its_markup(void **state) {
    (void)state;
    IN("a string, b string", "enclosing.element=//l", "a=co;b=co/sy",
       "<l><e><co>t<sy>w</sy><z k=\"1\"/></co></e><e><co>plain</co></e></l>",
       "!the attribute 'b' is missing\n<co>t<sy>w</sy><z k=\"1\"/></co>|w\n");
    IN("a int", "enclosing.element=//l", "a=n", "<l><e><n>7<u/></n></e></l>", "7\n");
}

static void what_is_missing_or_wrong_is_told_and_the_others_stay(void **state) {
    (void)state;
    IN(S, "", "", "<events><event><a>x</a><b>1</b></event><event><a>y</a><b>2</b><c>2</c></event></events>",
       "!the attribute 'c' is missing\ny|2|2.0\n");
    IN(S, "", "",
       "<events><event><a>x</a><b>zz</b><c>1</c></event><event><a>y</a><b>2</b><c>2</c></event></events>",
       "!column 'b': 'zz' is not an int\ny|2|2.0\n");
    IN(S, "fail.on.missing.attribute=false", "", "<events><event><a>x</a></event></events>", "x|null|null\n");
}

static void what_is_no_document_gives_no_rows(void **state) {
    (void)state;
    IN(S, "", "", "<event><a>x</a><b>1</b><c>1.5</c></event>", "!XML: there is no <events> element\n");
    IN(S, "", "", "<events><event><a>x</a><b>1</b><c>1.5</c></event>",
       "!malformed XML at line 1: no element found\n");
    IN(S, "", "", "", "!malformed XML at line 1: no element found\n");
    IN(S, "", "", "<!DOCTYPE events [<!ENTITY e 'x'>]><events><event><a>&e;</a></event></events>",
       "!XML: a document type definition\n");
    char deep[3 * 300 + 1];
    for (int i = 0; i < 300; i++) memcpy(deep + 3 * i, "<a>", 3);
    assert_decoded_bytes(&xml_decoder, S, "", "", deep, 900, "!XML: elements are nested too deep\n");
}

static void paths_find_attributes(void **state) {
    (void)state;
    IN("a string, b int", "", "a=company/symbol;b=price",
       "<s><company><symbol>w</symbol></company><price>4</price></s>", "w|4\n");
    IN("a string, b int", "", "a=//symbol;b=/s/price",
       "<s><company><symbol>w</symbol></company><price>4</price></s>", "w|4\n");
    IN("a string, b int", "enclosing.element=/r/p", "a=company/@sym;b=price/text()",
       "<r><p><s><company sym='w'/><price>4</price><price>5</price></s></p></r>", "w|4\n");
    IN(S, "namespaces=dt=urn:x, q=urn:q;enclosing.element=//portfolio",
       "a=company/symbol;b=@price;c=dt:volume",
       "<root xmlns:d='urn:x'><portfolio><stock "
       "price='5'><company><symbol>w</symbol></company><d:volume>2.5</d:volume>"
       "<volume>9</volume></stock><stock "
       "price='6'><company><symbol>v</symbol></company><d:volume>3</d:volume></stock>"
       "</portfolio></root>",
       "w|5|2.5\nv|6|3.0;\n");
    IN("a string, b int", "enclosing.element=//portfolio;enclosing.element.as.event=true",
       "a=company/symbol;b=price",
       "<r><portfolio><company><symbol>w</symbol></company><price>4</price></portfolio>"
       "<portfolio><company><symbol>z</symbol></company><price>5</price></portfolio></r>",
       "w|4\nz|5;\n");
    IN("a string", "enclosing.element=//p", "a=x", "<r/>", "!XML: there is no enclosing element\n");
}

static void wrong_paths_are_refused(void **state) {
    (void)state;
    IN("a string", "", "a=x[1]", "",
       "open: xml: of XPath weir knows names, '/', '//', '@' and text(), so not 'x[1]' in 'x[1]'");
    IN("a string", "", "a=d:x", "", "open: xml: the prefix 'd' in 'd:x' is not among the namespaces");
    IN("a string", "", "a=@x/y", "", "open: xml: nothing can follow an attribute in '@x/y'");
    IN("a string", "", "a=x//y", "", "open: xml: 'x//y' has '//' within, or ends in '/'");
    IN("a string", "namespaces=x", "a=x", "",
       "open: xml: namespaces is 'x'; it takes 'prefix=uri, prefix=uri'");
    IN("a string", "enclosing.element=@x", "a=x", "", "open: xml: enclosing.element '@x' names no element");
}

static void events_are_laid_out_as_siddhi_does(void **state) {
    (void)state;
    OUT("", NULL, "x|1|1e10", "<events><event><a>x</a><b>1</b><c>1.0E10</c></event></events>|");
    OUT("", NULL, "x<&>\"'|1|1\ny|null|1.5",
        "<events><event><a>x&lt;&amp;&gt;&quot;'</a><b>1</b><c>1.0</c></event><event><a>y</a>"
        "<b xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
        "xsi:nil=\"true\"/><c>1.5</c></event></events>|");
    OUT("event.grouping.enabled=false;enclosing.element=<p q='1'>", NULL, "x|1|1\ny|2|2",
        "<p q='1'><event><a>x</a><b>1</b><c>1.0</c></event></p>|<p "
        "q='1'><event><a>y</a><b>2</b><c>2.0</c></event></p>|");
    OUT("", "<s>{{a}}</s>", "x|1|1\nnull|2|2", "<s>x</s><s>null</s>|");
    OUT("", "<s>{{a}}</s>", "<b>x</b> &amp; <c d='1'/>|1|1", "<s><b>x</b> &amp; <c d='1'/></s>|");
    OUT("", "{{a}}", "<b><c/></b>|1|1", "<b><c/></b>|");
    OUT("", "{{a}}", "<?xml version='1.0'?><b/>|1|1", "<?xml version='1.0'?><b/>|");
    OUT("", "<s x='{{a}}'/>", "<b/>|1|1", "<s x='&lt;b/&gt;'/>|");
    OUT("", "<s>{{a}}</s>", "</s><s>|1|1\na<b|2|2\n<b>&x;</b>|3|3\na & b|4|4",
        "<s>&lt;/s&gt;&lt;s&gt;</s><s>a&lt;b</s><s>&lt;b&gt;&amp;x;&lt;/b&gt;</s><s>a &amp; b</s>|");
    OUT("", NULL, "<b>x</b>|1|1",
        "<events><event><a>&lt;b&gt;x&lt;/b&gt;</a><b>1</b><c>1.0</c></event></events>|");
    OUT("enclosing.element=<p>", "<s>{{a}}</s>", "x|1|1\ny|2|2", "<p><s>x</s><s>y</s></p>|");
    OUT("validate.xml=true", "<s>{{a}}</q>", "x|1|1", "dropped: what @payload gives is no XML|");
    OUT("enclosing.element=p", NULL, "x|1|1",
        "xml: enclosing.element is 'p'; it takes a tag such as '<events>'");
}

static void what_is_written_can_be_read(void **state) {
    (void)state;
    char *text = encoded_by(&xml_encoder, S, "", NULL, 0, false, "<\xC3\xA4&>|null|1.5\nnull|2|-1e300");
    text[strlen(text) - 1] = 0;
    IN(S, "", "", text, "<\xC3\xA4&>|null|1.5\nnull|2|-1e300;\n");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siddhis_layout_is_read),
        cmocka_unit_test(prefixes_do_not_matter_in_siddhis_layout),
        cmocka_unit_test(an_element_with_others_in_it_is_its_markup),
        cmocka_unit_test(what_is_missing_or_wrong_is_told_and_the_others_stay),
        cmocka_unit_test(what_is_no_document_gives_no_rows),
        cmocka_unit_test(paths_find_attributes),
        cmocka_unit_test(wrong_paths_are_refused),
        cmocka_unit_test(events_are_laid_out_as_siddhi_does),
        cmocka_unit_test(what_is_written_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
